//! Turning wasm into native code, away from everything else.

use std::process::ExitCode;

/// The body of the hidden subcommand that compiles: wasm on standard input, the artefact on standard output, one line on standard error
/// when it fails. Limits itself first.
pub fn compile_child() -> ExitCode {
    unimplemented!()
}
