//! Metrics. Names are constants, label values come from closed sets: never ids, addresses or messages.

use metrics::{counter, histogram};

use crate::call::{EndReason, Used};

/// Calls of guests, by `function` (`poll`, `on-kill`, `describe`) and `end` (`ok`, or [`EndReason::code`]).
pub const POLLS: &str = "trigger_host_polls_total";
/// CPU seconds of one call, a histogram by `function`.
pub const POLL_CPU: &str = "trigger_host_poll_cpu_seconds";
/// Host calls of guests, by `import` (`http`, `variables`, …) and `result`: `ok`, `error`, `refused`.
pub const HOST_CALLS: &str = "trigger_host_host_calls_total";
/// Log lines that were counted and not kept.
pub const LOG_LINES_DROPPED: &str = "trigger_host_log_lines_dropped_total";
/// Components loaded, by `from`: `memory`, `cache`, `compiler`.
pub const LOADS: &str = "trigger_host_component_loads_total";

/// Counts a call that is over.
pub(crate) fn count_call(function: &'static str, reason: Option<&EndReason>, used: &Used) {
    counter!(POLLS, "function" => function, "end" => reason.map_or("ok", EndReason::code)).increment(1);
    histogram!(POLL_CPU, "function" => function).record(used.cpu.as_secs_f64());
    if used.log_lines_dropped > 0 {
        counter!(LOG_LINES_DROPPED).increment(used.log_lines_dropped.into());
    }
}

/// Counts a host call that got an answer, or an error of the other side.
pub(crate) fn count_host_call(import: &'static str, is_ok: bool) {
    counter!(HOST_CALLS, "import" => import, "result" => if is_ok { "ok" } else { "error" }).increment(1);
}

/// Counts a host call that the budget or a cap refused.
pub(crate) fn count_refusal(import: &'static str) {
    counter!(HOST_CALLS, "import" => import, "result" => "refused").increment(1);
}

/// Counts a component that was loaded.
pub(crate) fn count_load(from: &'static str) {
    counter!(LOADS, "from" => from).increment(1);
}
