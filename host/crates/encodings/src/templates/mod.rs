//! The kwargs of a task that starts from its trigger: Airflow leaves their templates to the triggerer, which has Jinja
//! and the Dag's Python.
//!
//! Here only plain substitutions are done, of what the workload itself carries (docs/airflow-behaviour.md lists them),
//! by a reader that knows nothing else. A template engine would take far more than that, with meanings of its own for
//! filters, macros and undefined names; every expression that is not certain to come out as in Python is an error
//! instead. No text with an expression in it is ever handed on. See docs/design/triggerer.md#templates.

mod expression;
mod started;
mod text;

use std::fmt::Write as _;

pub use self::started::StartedTask;
use self::text::{Piece, Strings};

/// How Jinja's constructs begin.
const OPENINGS: [&str; 3] = ["{{", "{%", "{#"];
/// The most characters of an expression in an error.
const MAX_QUOTED: usize = 80;

/// A template that is not rendered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the kwargs contain a template that this host cannot render: `{expression}`: {why}")]
pub struct TemplateError {
    /// As it stands in the kwargs, shortened.
    pub expression: String,
    /// What about it.
    pub why: String,
}

impl TemplateError {
    fn new(expression: &str, why: impl Into<String>) -> Self {
        let expression = expression.chars().filter(|c| !c.is_control()).take(MAX_QUOTED).collect();
        Self { expression, why: why.into() }
    }
}

/// The kwargs with every template rendered. `kwargs` and the result are neutral JSON texts of one object.
///
/// # Errors
/// Any template that is not a plain substitution known here, or not in a template field of its operator.
pub fn render_kwargs(kwargs: &str, task: &StartedTask<'_>) -> Result<String, TemplateError> {
    if first_opening(kwargs).is_none() {
        return Ok(kwargs.to_owned());
    }
    let context = task.context();
    let mut rendered = String::with_capacity(kwargs.len());
    for piece in Strings::split(kwargs) {
        match piece {
            Piece::Other(text) => rendered.push_str(text),
            Piece::Text { raw, field, place } => {
                let text: String = serde_json::from_str(raw).unwrap_or_default();
                let Some(at) = first_opening(&text) else {
                    rendered.push_str(raw);
                    continue;
                };
                let refuse = |why: &str| Err(TemplateError::new(&text[at..], why));
                if let Some(why) = place.why_not() {
                    return refuse(why);
                }
                let context = context.as_ref().map_err(|why| TemplateError::new(&text[at..], why.clone()))?;
                if !context.is_template_field(&field) {
                    return refuse(&format!("`{field}` is not a template field of its operator"));
                }
                let text = render_text(&text, |path| context.value(path))?;
                // Writing into a string cannot fail.
                let _ = write!(rendered, "{}", serde_json::Value::String(text));
            }
        }
    }
    Ok(rendered)
}

fn first_opening(text: &str) -> Option<usize> {
    OPENINGS.into_iter().filter_map(|opening| text.find(opening)).min()
}

/// One text, as Jinja with its defaults would render it.
fn render_text(
    text: &str,
    value: impl Fn(&[expression::Step]) -> Result<String, String>,
) -> Result<String, TemplateError> {
    if text.contains('\r') {
        return Err(TemplateError::new(text, "it contains carriage returns, which Jinja changes"));
    }
    let (mut rendered, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(at) = first_opening(rest) {
        let (before, from) = rest.split_at(at);
        rendered.push_str(before);
        let Some(inner) = from.strip_prefix("{{") else {
            return Err(TemplateError::new(
                from,
                "only plain `{{ name }}` substitutions are rendered, not blocks or comments",
            ));
        };
        let Some((inner, behind)) = inner.split_once("}}") else {
            return Err(TemplateError::new(from, "it has no closing `}}`"));
        };
        let whole = &from[..inner.len() + 4];
        let path = expression::parse(inner).map_err(|why| TemplateError::new(whole, why))?;
        rendered.push_str(&value(&path).map_err(|why| TemplateError::new(whole, why))?);
        rest = behind;
    }
    // Jinja drops one line end at the end of a template.
    rendered.push_str(rest.strip_suffix('\n').unwrap_or(rest));
    Ok(rendered)
}

#[cfg(test)]
mod tests;
