//! One JSON object per step. Times are milliseconds since 1970, spans are microseconds or milliseconds as their name
//! says.

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::value::RawValue;
use trigger_host_types::UnixMs;
use trigger_host_types::step::{Step, StepKind};

/// A step as an object, its keys in the order a person reads them.
pub(super) struct Object<'s> {
    step: &'s Step,
    start: UnixMs,
}

/// The object of a step.
pub(super) const fn object(step: &Step, start: UnixMs) -> Object<'_> {
    Object { step, start }
}

impl Serialize for Object<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let step = self.step;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("event", step.what.name())?;
        map.serialize_entry("trigger_id", &step.trigger)?;
        map.serialize_entry("classpath", &step.classpath)?;
        map.serialize_entry("at_ms", &step.at)?;
        map.serialize_entry("elapsed_ms", &step.at.saturating_sub(self.start))?;
        match &step.what {
            StepKind::Deferred { kind } => map.serialize_entry("kind", kind)?,
            StepKind::Claimed { kind, resumed, .. } => {
                map.serialize_entry("kind", kind)?;
                map.serialize_entry("resumed", resumed)?;
            }
            StepKind::Polled { cpu, wall, late, memory, host_calls, next } => {
                for (name, span) in [("cpu_us", cpu), ("wall_us", wall), ("late_us", late)] {
                    map.serialize_entry(name, &u64::try_from(span.as_micros()).unwrap_or(u64::MAX))?;
                }
                map.serialize_entry("memory", memory)?;
                map.serialize_entry("host_calls", host_calls)?;
                map.serialize_entry("next_at_ms", next)?;
            }
            StepKind::Fired { payload, key } => {
                // The sandbox has checked that it is JSON.
                map.serialize_entry("payload", &serde_json::from_str::<&RawValue>(payload).ok())?;
                map.serialize_entry("key", key)?;
            }
            StepKind::Failed { reason, message, lines, again } => {
                map.serialize_entry("reason", reason)?;
                map.serialize_entry("message", message)?;
                map.serialize_entry("lines", lines)?;
                map.serialize_entry("again_at_ms", again)?;
            }
            StepKind::Finished { reason } => map.serialize_entry("reason", reason.as_str())?,
            StepKind::TimedOut { .. } | StepKind::Cleared => {}
            // Not shown: see `is_shown`.
            StepKind::Stopped(_)
            | StepKind::EventStored { .. }
            | StepKind::RepetitionDropped { .. }
            | StepKind::FailureStored { .. }
            | StepKind::Deleted => {}
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use trigger_host_types::TriggerId;

    use super::*;

    #[test]
    fn keys_come_in_the_order_one_reads() {
        let what = StepKind::Fired { payload: "{\"z\": 1.50, \"a\": 2}".into(), key: "k".into() };
        let step = Step { at: 1_500, trigger: TriggerId(7), classpath: Some("demo.T".into()), what };
        let text = serde_json::to_string(&object(&step, 1_000)).unwrap();
        let expected = r#"{"event":"fired","trigger_id":7,"classpath":"demo.T","at_ms":1500,"elapsed_ms":500,"payload":{"z": 1.50, "a": 2},"key":"k"}"#;
        assert_eq!(text, expected);
    }
}
