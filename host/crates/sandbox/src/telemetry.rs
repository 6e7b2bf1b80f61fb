//! What the sandbox counts, each at one place.

use telemetry::table::{COMPONENT_LOADS, HOST_CALLS, LOG_LINES_DROPPED, POLL_CPU, POLLS};

use crate::call::{EndReason, Used};

/// Counts a call that is over.
pub(crate) fn count_call(function: &'static str, reason: Option<&EndReason>, used: &Used) {
    POLLS.with([function, reason.map_or("ok", EndReason::code)]).increment(1);
    POLL_CPU.with([function]).record(used.cpu.as_secs_f64());
    if used.log_lines_dropped > 0 {
        LOG_LINES_DROPPED.get().increment(used.log_lines_dropped.into());
    }
}

/// Counts a host call that got an answer, or an error of the other side.
pub(crate) fn count_host_call(import: &'static str, is_ok: bool) {
    HOST_CALLS.with([import, if is_ok { "ok" } else { "error" }]).increment(1);
}

/// Counts a host call that was refused by the budget or a cap.
pub(crate) fn count_refusal(import: &'static str) {
    HOST_CALLS.with([import, "refused"]).increment(1);
}

/// Counts a component that was loaded.
pub(crate) fn count_load(from: &'static str) {
    COMPONENT_LOADS.with([from]).increment(1);
}
