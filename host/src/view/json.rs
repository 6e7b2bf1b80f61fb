//! One JSON object per step. Times are milliseconds since 1970, spans are microseconds or milliseconds as their name says.

use serde_json::{Value, json};
use trigger_host_types::UnixMs;

use super::step::{Event, Step};

/// The object; none for what is not a step of a life.
pub(super) fn object(step: &Step, start: UnixMs) -> Option<Value> {
    let mut object = json!({
        "event": step.event.name(),
        "trigger_id": step.trigger,
        "classpath": step.classpath,
        "at_ms": step.at,
        "elapsed_ms": step.at.saturating_sub(start),
    });
    let more = match &step.event {
        Event::Deferred { kind } => json!({"kind": kind}),
        Event::Claimed { kind, resumed } => json!({"kind": kind, "resumed": resumed}),
        Event::Polled { cpu, wall, memory, host_calls, next } => json!({
            "cpu_us": micros(*cpu), "wall_us": micros(*wall), "memory": memory, "host_calls": host_calls, "next_at_ms": next,
        }),
        Event::Fired { payload, key } => {
            json!({"payload": serde_json::from_str::<Value>(payload).unwrap_or_default(), "key": key})
        }
        Event::Failed { reason, message, lines, again } => {
            json!({"reason": reason, "message": message, "lines": lines, "again_at_ms": again})
        }
        Event::Finished { reason } => json!({"reason": reason}),
        Event::TimedOut | Event::Cleared => json!({}),
        Event::Log(_) => return None,
    };
    if let (Value::Object(object), Value::Object(more)) = (&mut object, more) {
        object.extend(more);
    }
    Some(object)
}

fn micros(span: std::time::Duration) -> u64 {
    u64::try_from(span.as_micros()).unwrap_or(u64::MAX)
}
