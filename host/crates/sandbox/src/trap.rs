//! From the engine's errors to reasons a person can act on.

use wasmtime::component::ResourceTableError;
use wasmtime::{Error, Trap, WasmBacktrace};
use wasmtime_wasi::I32Exit;

use crate::call::EndReason;
use crate::limiter::{MemoryExceeded, TableExceeded};
use crate::log::{cut, inert, quoted};
use crate::meter::CpuExceeded;
use crate::state::budget::HostCallsExceeded;

/// Frames of a backtrace that are shown.
const MOST_FRAMES: usize = 20;
/// A function's name may be as long as its author likes.
const MOST_FRAME: usize = 240;

/// Why a call failed inside the engine.
pub(crate) fn explain(error: &Error) -> EndReason {
    if let Some(&CpuExceeded { limit, used }) = error.downcast_ref() {
        return EndReason::Cpu { limit, used };
    }
    if let Some(&MemoryExceeded { limit, asked }) = error.downcast_ref() {
        return EndReason::Memory { limit, asked };
    }
    if let Some(&HostCallsExceeded { limit, used }) = error.downcast_ref() {
        return EndReason::HostCalls { limit, used };
    }
    if is_too_much_at_once(error) {
        return EndReason::BadAnswer { what: "it passed more bytes to the host at once than one call may".to_owned() };
    }
    EndReason::Trap { message: message(error), backtrace: backtrace(error) }
}

fn message(error: &Error) -> String {
    if let Some(exit) = error.downcast_ref::<I32Exit>() {
        return format!("it called exit with code {}", exit.0);
    }
    if let Some(exceeded) = error.downcast_ref::<TableExceeded>() {
        return exceeded.to_string();
    }
    if matches!(error.downcast_ref(), Some(ResourceTableError::Full)) {
        return "it has too many open handles".to_owned();
    }
    match error.downcast_ref::<Trap>() {
        Some(Trap::UnreachableCodeReached) => {
            "it stopped itself (a panic, an abort, or an allocation that failed)".to_owned()
        }
        Some(Trap::StackOverflow) => "the stack overflowed (endless recursion?)".to_owned(),
        Some(trap) => trap.to_string(),
        None => quoted(error.root_cause()),
    }
}

/// The engine's own limit on what is lifted in one call has no public type; its text names the fuel.
fn is_too_much_at_once(error: &Error) -> bool {
    error.root_cause().to_string().contains("fuel allocated for hostcalls has been exhausted")
}

/// One line for each function, with its name where the component still has it.
fn backtrace(error: &Error) -> Vec<String> {
    let Some(trace) = error.downcast_ref::<WasmBacktrace>() else { return Vec::new() };
    let text = trace.to_string();
    let frames = text.lines().map(str::trim).filter(|line| line.starts_with(|c: char| c.is_ascii_digit()));
    frames.take(MOST_FRAMES).map(|frame| inert(cut(frame, MOST_FRAME))).collect()
}
