//! One aligned line per step or line of a guest: time since the start, trigger, class path, event, detail.

use std::time::Duration;

use trigger_host_types::log::{Level, Line};
use trigger_host_types::step::{Step, StepKind};
use trigger_host_types::{ClassPath, TriggerId, UnixMs};

use super::entry::Entry;

/// Width of the class path's column.
const CLASSPATH: usize = 32;
/// Longest detail, in characters.
const DETAIL: usize = 300;
/// The colour of what is seldom looked for.
const DIM: &str = "\u{1b}[2m";

/// What one line shows.
struct Columns<'e> {
    at: UnixMs,
    trigger: TriggerId,
    classpath: Option<&'e ClassPath>,
    event: &'static str,
    colour: &'static str,
    detail: String,
}

/// The line. Colours only where `colours`.
pub(super) fn line(entry: &Entry, start: UnixMs, colours: bool) -> String {
    let Columns { at, trigger, classpath, event, colour, detail } = columns(entry);
    let since = Duration::from_millis(at.saturating_sub(start));
    let classpath = classpath.map(|path| shortened(path.as_str())).unwrap_or_default();
    let head = format!("{:>12}  {:>5}  {classpath:<CLASSPATH$}", since_start(since), trigger.to_string());
    let detail: String = printable(&detail).chars().take(DETAIL).collect();
    let (on, off) = if colours { (colour, "\u{1b}[0m") } else { ("", "") };
    format!("{head}  {on}{event:<9}{off}  {detail}").trim_end().to_owned()
}

fn columns(entry: &Entry) -> Columns<'_> {
    match entry {
        Entry::Step(step) => Columns {
            at: step.at,
            trigger: step.trigger,
            classpath: step.classpath.as_ref(),
            event: step.what.name(),
            colour: colour(&step.what),
            detail: describe(step),
        },
        Entry::Log { at, subject, line } => Columns {
            at: *at,
            trigger: subject.trigger,
            classpath: Some(&subject.classpath),
            event: "log",
            colour: DIM,
            detail: describe_line(line),
        },
    }
}

fn since_start(since: Duration) -> String {
    let (hours, minutes) = (since.as_secs() / 3600, since.as_secs() / 60 % 60);
    let seconds = since.as_secs_f64() % 60.0;
    match (hours, minutes) {
        (0, 0) => format!("+{seconds:.3}s"),
        (0, _) => format!("+{minutes}m{seconds:06.3}s"),
        _ => format!("+{hours}h{minutes:02}m{seconds:02.0}s"),
    }
}

fn describe(step: &Step) -> String {
    match &step.what {
        StepKind::Deferred { kind } => kind.as_str().to_owned(),
        StepKind::Claimed { kind, resumed, .. } => {
            format!("{}{}", kind.as_str(), if *resumed { ", from its checkpoint" } else { "" })
        }
        StepKind::Polled { cpu, wall, host_calls, next, .. } => {
            let calls = match host_calls {
                0 => String::new(),
                1 => ", 1 host call".into(),
                many => format!(", {many} host calls"),
            };
            let next = match next {
                Some(at) if *at > step.at => {
                    format!(", next in {}", rounded(Duration::from_millis(at - step.at)))
                }
                Some(_) => ", next at once".into(),
                None => String::new(),
            };
            format!("cpu {}, wall {}{calls}{next}", rounded(*cpu), rounded(*wall))
        }
        StepKind::Fired { payload, .. } => payload.clone(),
        StepKind::Failed { reason, message, again, .. } => {
            let again =
                again.map(|at| format!(", again in {}", rounded(Duration::from_millis(at.saturating_sub(step.at)))));
            format!("{reason}: {message}{}", again.unwrap_or_default())
        }
        StepKind::Finished { reason } => reason.as_str().to_owned(),
        StepKind::TimedOut { .. } => "its time was over before it fired".into(),
        StepKind::Cleared => "its task was cleared or marked".into(),
        // Not shown: see `is_shown`.
        StepKind::Stopped(_)
        | StepKind::EventStored { .. }
        | StepKind::RepetitionDropped { .. }
        | StepKind::FailureStored { .. }
        | StepKind::Deleted => String::new(),
    }
}

fn describe_line(line: &Line) -> String {
    let fields: String = line.fields.iter().map(|(name, value)| format!(" {name}={value}")).collect();
    format!("{}: {}{fields}", level(line.level), line.message)
}

const fn level(level: Level) -> &'static str {
    match level {
        Level::Debug => "debug",
        Level::Info => "info",
        Level::Warning => "warning",
        Level::Error => "error",
    }
}

/// A span to three digits, as a person reads it.
pub(super) fn rounded(span: Duration) -> String {
    let micros = span.as_micros();
    match micros {
        0..1_000 => format!("{micros} us"),
        1_000..1_000_000 => format!("{:.1} ms", span.as_secs_f64() * 1e3),
        1_000_000..60_000_000 => format!("{:.1} s", span.as_secs_f64()),
        _ => humantime::format_duration(Duration::from_secs(span.as_secs())).to_string(),
    }
}

/// The class path in its column: leading packages are cut to their first letter as far as needed.
fn shortened(path: &str) -> String {
    let mut parts: Vec<&str> = path.split('.').collect();
    let last = parts.len().saturating_sub(1);
    for at in 0..last {
        if parts.join(".").chars().count() <= CLASSPATH {
            break;
        }
        let end = parts[at].chars().next().map_or(0, char::len_utf8);
        parts[at] = &parts[at][..end];
    }
    let text = parts.join(".");
    let over = text.chars().count().saturating_sub(CLASSPATH);
    if over == 0 { text } else { format!("\u{2026}{}", text.chars().skip(over + 1).collect::<String>()) }
}

/// A guest's text may hold what moves a terminal's cursor.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

const fn colour(what: &StepKind) -> &'static str {
    match what {
        StepKind::Fired { .. } => "\u{1b}[32m",
        StepKind::Failed { .. } | StepKind::TimedOut { .. } => "\u{1b}[31m",
        StepKind::Claimed { .. } | StepKind::Deferred { .. } => "\u{1b}[36m",
        _ => DIM,
    }
}

#[cfg(test)]
mod tests {
    use trigger_host_types::TriggerKind;

    use super::*;

    #[test]
    fn columns_line_up() {
        let step = |at, trigger, path: &str, what| {
            Entry::Step(Step { at, trigger: TriggerId(trigger), classpath: Some(path.into()), what })
        };
        let lines = [
            step(1_000, 1, "demo.Wait", StepKind::Deferred { kind: TriggerKind::Task }),
            step(
                1_250,
                12,
                "airflow.providers.standard.triggers.temporal.DateTimeTrigger",
                StepKind::Polled {
                    cpu: Duration::from_micros(412),
                    wall: Duration::from_millis(31),
                    late: Duration::ZERO,
                    memory: 1 << 20,
                    host_calls: 2,
                    next: Some(61_250),
                },
            ),
            step(
                75_000,
                1,
                &format!("a.{}", "B".repeat(60)),
                StepKind::Fired { payload: "{\"n\":1}".into(), key: "k".into() },
            ),
            step(
                21_601_000,
                2,
                "demo.Bad",
                StepKind::Failed { reason: "guest", message: "no\u{1b}[2J".into(), lines: vec![], again: None },
            ),
        ];
        insta::assert_snapshot!(lines.map(|entry| line(&entry, 1_000, false)).join("\n"));
    }
}
