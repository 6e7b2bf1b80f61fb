//! The compiler itself.

use wasmtime::Engine;

use crate::engine;
use crate::log::quoted;

/// Compiles in this process, with an engine of its own: the pool of the one that runs guests is not wanted here.
pub(super) fn in_process(wasm: &[u8]) -> Result<Vec<u8>, String> {
    let compiler = Engine::new(&engine::code_settings()).map_err(|error| format!("{error:#}"))?;
    compiler.precompile_component(wasm).map_err(|error| quoted(format_args!("{error:#}")))
}
