//! Where a task's log is: `[logging] log_filename_template`. See docs/design/encodings.md#log-files.
//!
//! Airflow renders the template with Jinja, or with `str.format` where it holds no `{{`. Here both are read as far as a
//! deployment plausibly goes: placeholders, and the condition on the map index that the default has. Anything else is
//! refused at the start: a log that is written where nobody looks for it is worse than none.

use trigger_host_types::TaskInstance;

/// A template that can be rendered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    parts: Vec<Part>,
}

/// A template this host cannot render.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "cannot render {part:?}: only `ti.dag_id`, `ti.run_id`, `ti.task_id`, `ti.map_index`, `ti.try_number`, `try_number` and \
     `{{% if ti.map_index >= 0 %}}` are known, or `{{dag_id}}`, `{{run_id}}`, `{{task_id}}`, `{{try_number}}` in the old form"
)]
pub struct TemplateError {
    /// The part of the template that cannot be rendered.
    pub part: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Value(Value),
    /// Only for mapped tasks.
    Mapped(Vec<Part>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Value {
    DagId,
    RunId,
    TaskId,
    MapIndex,
    TryNumber,
}

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// It holds something that this host cannot render.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        let parts = if text.contains("{{") { jinja(text)? } else { format(text)? };
        Ok(Self { parts })
    }

    /// The path of the task's log, relative to the log folder. Not checked: ids may hold anything.
    pub fn render(&self, task: &TaskInstance) -> String {
        let mut path = String::new();
        render(&self.parts, task, &mut path);
        path
    }
}

fn render(parts: &[Part], task: &TaskInstance, path: &mut String) {
    for part in parts {
        match part {
            Part::Text(text) => path.push_str(text),
            Part::Value(Value::DagId) => path.push_str(&task.dag_id),
            Part::Value(Value::RunId) => path.push_str(&task.run_id),
            Part::Value(Value::TaskId) => path.push_str(&task.task_id),
            Part::Value(Value::MapIndex) => path.push_str(&task.map_index.to_string()),
            Part::Value(Value::TryNumber) => path.push_str(&task.try_number.to_string()),
            Part::Mapped(parts) if task.map_index >= 0 => render(parts, task, path),
            Part::Mapped(_) => {}
        }
    }
}

fn jinja(text: &str) -> Result<Vec<Part>, TemplateError> {
    let (mut parts, mut mapped, mut rest) = (Vec::new(), None, text);
    while let Some(at) = rest.find("{{").into_iter().chain(rest.find("{%")).chain(rest.find("{#")).min() {
        push_text(mapped.as_mut().unwrap_or(&mut parts), &rest[..at]);
        let close = if rest[at..].starts_with("{{") { "}}" } else { "%}" };
        let length = rest[at..].find(close).ok_or_else(|| unknown(&rest[at..]))? + close.len();
        let (tag, after) = rest[at..].split_at(length);
        rest = after;
        match (words(tag).as_str(), mapped.is_some()) {
            ("{%ifti.map_index>=0%}", false) => mapped = Some(Vec::new()),
            ("{%endif%}", true) => parts.push(Part::Mapped(mapped.take().unwrap_or_default())),
            (word, _) => {
                let value = jinja_value(word).ok_or_else(|| unknown(tag))?;
                mapped.as_mut().unwrap_or(&mut parts).push(Part::Value(value));
            }
        }
    }
    push_text(&mut parts, rest);
    if mapped.is_some() { Err(unknown("{% if ti.map_index >= 0 %} without {% endif %}")) } else { Ok(parts) }
}

/// Without white space, and without the marks that cut white space around a tag.
fn words(tag: &str) -> String {
    tag.chars().filter(|letter| !letter.is_whitespace()).collect()
}

fn jinja_value(tag: &str) -> Option<Value> {
    match tag.strip_prefix("{{")?.strip_suffix("}}")? {
        "ti.dag_id" => Some(Value::DagId),
        "ti.run_id" => Some(Value::RunId),
        "ti.task_id" => Some(Value::TaskId),
        "ti.map_index" => Some(Value::MapIndex),
        "ti.try_number" | "try_number" | "try_number|default(ti.try_number)" => Some(Value::TryNumber),
        _ => None,
    }
}

fn format(text: &str) -> Result<Vec<Part>, TemplateError> {
    let (mut parts, mut rest) = (Vec::new(), text);
    while let Some(at) = rest.find(['{', '}']) {
        push_text(&mut parts, &rest[..at]);
        let length = rest[at..].find('}').ok_or_else(|| unknown(&rest[at..]))? + 1;
        let (tag, after) = rest[at..].split_at(length);
        parts.push(Part::Value(match tag {
            "{dag_id}" => Value::DagId,
            "{run_id}" => Value::RunId,
            "{task_id}" => Value::TaskId,
            "{try_number}" => Value::TryNumber,
            _ => return Err(unknown(tag)),
        }));
        rest = after;
    }
    push_text(&mut parts, rest);
    Ok(parts)
}

fn push_text(parts: &mut Vec<Part>, text: &str) {
    if !text.is_empty() {
        parts.push(Part::Text(text.to_owned()));
    }
}

fn unknown(part: &str) -> TemplateError {
    TemplateError { part: part.chars().take(80).collect() }
}

#[cfg(test)]
mod tests {
    use settings::LOG_FILENAME_TEMPLATE;

    use super::*;

    fn rendered(template: &str, map_index: i32) -> Result<String, String> {
        let task = TaskInstance {
            dag_id: "d".into(),
            run_id: "manual__2026-01-01T00:00:00+00:00".into(),
            task_id: "g.t".into(),
            map_index,
            try_number: 2,
        };
        Template::parse(template).map(|template| template.render(&task)).map_err(|error| error.part)
    }

    #[test]
    fn the_default_is_rendered_as_airflow_does() {
        let folder = "dag_id=d/run_id=manual__2026-01-01T00:00:00+00:00/task_id=g.t/";
        assert_eq!(rendered(LOG_FILENAME_TEMPLATE, -1), Ok(format!("{folder}attempt=2.log")));
        assert_eq!(rendered(LOG_FILENAME_TEMPLATE, 0), Ok(format!("{folder}map_index=0/attempt=2.log")));
    }

    #[test]
    fn plain_placeholders_of_both_forms_are_rendered() {
        assert_eq!(rendered("{{ti.dag_id}}/{{ ti.task_id }}-{{ try_number }}.log", 3), Ok("d/g.t-2.log".into()));
        assert_eq!(rendered("{dag_id}/{task_id}/{try_number}.log", 3), Ok("d/g.t/2.log".into()));
        assert_eq!(rendered("one.log", 3), Ok("one.log".into()));
    }

    #[test]
    fn anything_else_is_refused_by_name() {
        for (template, part) in [
            ("{{ ti.run_id|replace(':', '-') }}.log", "{{ ti.run_id|replace(':', '-') }}"),
            ("{{ ti.dag_id }}/{{ ts }}.log", "{{ ts }}"),
            ("{{ ti.dag_id }}{% if x %}a{% endif %}", "{% if x %}"),
            ("{{ ti.dag_id }}{% if ti.map_index >= 0 %}", "{% if ti.map_index >= 0 %} without {% endif %}"),
            ("{{ ti.dag_id", "{{ ti.dag_id"),
            ("{dag_id}/{logical_date}", "{logical_date}"),
            ("a}b", "}"),
        ] {
            assert_eq!(rendered(template, -1), Err(part.into()), "{template}");
        }
    }
}
