//! Turns wasm into native code: untrusted work, in a separate process with limits, away from the threads that keep
//! time.

mod child;
mod in_process;
mod parent;

use crate::config::Compiler;
use crate::load::{LoadError, validate};
use crate::native::Artefact;
use in_process::in_process;

pub use child::compile_child;

/// Compiles a component. Not for a thread that keeps time: with [`Compiler::InProcess`] it takes as long as it takes.
pub(crate) fn compile(name: &str, wasm: &[u8], compiler: &Compiler) -> Result<Artefact, LoadError> {
    validate(name, wasm)?;
    match compiler {
        Compiler::InProcess => in_process(wasm).map_err(|reason| LoadError::Compile { name: name.to_owned(), reason }),
        Compiler::Child { program, arguments } => parent::compile(name, wasm, program, arguments),
    }
    .map(Artefact::trusted)
}
