//! `[trigger.limits]`: what one call may use. Every limit is above zero: a limit of nothing refuses every call.

use std::num::NonZeroU32;
use std::time::Duration;

use sandbox::Limits;
use settings::document::{Fields, Value, Wanted};
use settings::setting::Size;

/// Reads the limits; what is not written keeps its default.
pub(super) fn read(mut fields: Fields<'_, '_>) -> Limits {
    let default = Limits::default();
    let limits = Limits {
        memory: fields.take::<AboveZero<Size>>("memory").map_or(default.memory, |size| size.0.0),
        table_elements: count(&mut fields, "table-elements", default.table_elements),
        cpu: fields.take::<AboveZero<Duration>>("cpu-per-poll").map_or(default.cpu, |wait| wait.0),
        wall: fields.take::<AboveZero<Duration>>("wall-per-poll").map_or(default.wall, |wait| wait.0),
        host_calls: count(&mut fields, "host-calls-per-poll", default.host_calls),
        events: count(&mut fields, "events-per-poll", default.events),
        answer_bytes: fields.take::<AboveZero<Size>>("answer-size").map_or(default.answer_bytes, |size| size.0.0),
        log_bytes: fields.take::<AboveZero<Size>>("log-size").map_or(default.log_bytes, |size| size.0.0),
    };
    fields.finish();
    limits
}

fn count(fields: &mut Fields<'_, '_>, name: &'static str, default: u32) -> u32 {
    fields.take::<NonZeroU32>(name).map_or(default, NonZeroU32::get)
}

/// A value above zero.
pub(super) struct AboveZero<T>(pub(super) T);

impl Wanted for AboveZero<Size> {
    const EXPECTED: &'static str = "a size greater than zero such as \"64MiB\"";

    fn from_value(value: &Value) -> Option<Self> {
        Size::from_value(value).filter(|size| size.0 > 0).map(Self)
    }
}

impl Wanted for AboveZero<Duration> {
    const EXPECTED: &'static str = "a duration greater than zero such as \"250ms\"";

    fn from_value(value: &Value) -> Option<Self> {
        Duration::from_value(value).filter(|wait| !wait.is_zero()).map(Self)
    }
}
