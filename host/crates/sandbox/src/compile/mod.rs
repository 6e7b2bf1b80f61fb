//! Turning wasm into native code: untrusted work, in a process of its own with limits, away from the threads that keep time.

mod child;
mod parent;

use wasmtime::Engine;

pub use child::compile_child;

use crate::load::{LoadError, validate};
use crate::log::quoted;
use crate::native::Artefact;
use crate::{Compiler, engine};

/// Compiles a component. Not for a thread that keeps time: with [`Compiler::InProcess`] it takes as long as it takes.
pub(crate) fn compile(name: &str, wasm: &[u8], compiler: &Compiler) -> Result<Artefact, LoadError> {
    validate(name, wasm)?;
    match compiler {
        Compiler::InProcess => in_process(wasm).map_err(|reason| LoadError::Compile { name: name.to_owned(), reason }),
        Compiler::Child { program, arguments } => parent::compile(name, wasm, program, arguments),
    }
    .map(Artefact::trusted)
}

/// The compiler itself. An engine of its own: the pool of the one that runs guests is not wanted here.
fn in_process(wasm: &[u8]) -> Result<Vec<u8>, String> {
    let compiler = Engine::new(&engine::code_settings()).map_err(|error| format!("{error:#}"))?;
    compiler.precompile_component(wasm).map_err(|error| quoted(format_args!("{error:#}")))
}
