//! What the host says about a trigger in its log, for a person who asks what became of it.

use logs::Note;
use sandbox::EndReason;
use serde_json::{Value, json};
use trigger_host_types::Used;
use trigger_host_types::log::Level;
use trigger_host_types::step::{Finish, Step, StepKind, Stop, Subject};

/// More of a payload is not shown.
const MOST_PAYLOAD: usize = 2_048;

/// The line about a step; none for steps that nobody would miss.
pub(super) fn note(subject: &Subject, step: &Step, hostname: &str) -> Option<Note> {
    match &step.what {
        StepKind::Claimed { resumed, component, .. } => {
            let event = if *resumed { "Trigger resumed from its checkpoint" } else { "Trigger started" };
            Some(Note {
                level: Level::Info,
                event: format!("{event} on {hostname}"),
                fields: vec![
                    ("trigger_id", json!(subject.trigger)),
                    ("classpath", json!(subject.classpath)),
                    ("component", json!(component)),
                ],
            })
        }
        StepKind::Stopped(stop) => Some(stopped(stop)),
        StepKind::Fired { payload, .. } => {
            let cut = &payload[..payload.floor_char_boundary(MOST_PAYLOAD)];
            Some(Note { level: Level::Info, event: "Trigger fired event".into(), fields: vec![("result", json!(cut))] })
        }
        // `Stopped` has already said why the call ended.
        StepKind::Failed { reason, .. } if EndReason::CODES.contains(reason) => None,
        StepKind::Failed { reason, message, lines, .. } => Some(Note {
            level: Level::Error,
            event: format!("Trigger failed: {message}"),
            fields: vec![("reason", json!(reason)), ("details", json!(lines))],
        }),
        StepKind::Finished { reason } => finished(*reason),
        StepKind::Polled { .. } => None,
        // What the embedded API reports: only `dev` shows it.
        StepKind::Deferred { .. }
        | StepKind::EventStored { .. }
        | StepKind::RepetitionDropped { .. }
        | StepKind::FailureStored { .. }
        | StepKind::TimedOut { .. }
        | StepKind::Cleared
        | StepKind::Deleted => None,
    }
}

/// Why a trigger was stopped, in one entry: reason, limit, what was used of it, what the call did last.
fn stopped(stop: &Stop) -> Note {
    let mut fields = vec![("reason", json!(stop.reason))];
    if let Some((limit, used)) = &stop.limit {
        fields.extend([("limit", json!(limit)), ("used", json!(used))]);
    }
    fields.extend(stop.used.as_ref().into_iter().flat_map(spent));
    if !stop.details.is_empty() {
        fields.push(("details", json!(stop.details)));
    }
    let level = if stop.reason == "cancelled" { Level::Warning } else { Level::Error };
    Note { level, event: format!("Trigger stopped: {}", stop.message), fields }
}

fn spent(used: &Used) -> [(&'static str, Value); 6] {
    let ms = |span: std::time::Duration| json!(u64::try_from(span.as_millis()).unwrap_or(u64::MAX));
    [
        ("cpu_ms", ms(used.cpu)),
        ("wall_ms", ms(used.wall)),
        ("memory_bytes", json!(used.memory)),
        ("host_calls", json!(used.host_calls)),
        ("last_host_calls", json!(used.last_host_calls)),
        ("log_lines_dropped", json!(used.log_lines_dropped)),
    ]
}

fn finished(reason: Finish) -> Option<Note> {
    let (level, event) = match reason {
        // The line about the event or the failure says so.
        Finish::Fired | Finish::Failed => return None,
        Finish::Killed => (Level::Info, "Trigger stopped: the user ended the task"),
        Finish::TimedOut => (Level::Warning, "Trigger stopped: the deferral timed out"),
        Finish::Gone => (
            Level::Info,
            "Trigger stopped: Airflow no longer assigns it to this host; it has ended, or another host has it",
        ),
        Finish::Drained => {
            (Level::Info, "Trigger stopped: this host is shutting down; another one resumes from the checkpoint")
        }
    };
    Some(Note { level, event: event.into(), fields: vec![("reason", json!(reason.as_str()))] })
}
