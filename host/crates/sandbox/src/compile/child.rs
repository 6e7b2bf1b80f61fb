//! The compiling process: limits itself, reads wasm, writes native code. It opens no file and talks only to its parent.

use std::io::{self, Read, Write};
use std::process::ExitCode;

use rustix::process::{Resource, Rlimit, Signal, set_parent_process_death_signal, setrlimit};

use super::in_process::in_process;

/// Bytes of address space: a 20 MB component takes less than half.
pub(super) const MOST_MEMORY: u64 = 4 << 30;
/// Seconds of CPU time: a 20 MB component takes a tenth.
pub(super) const MOST_CPU: u64 = 120;
/// More is not read; the gate has refused it before.
const MOST_WASM: u64 = 64 << 20;

/// The body of the hidden subcommand that compiles: wasm on standard input, native code on standard output, one line on
/// standard error when it fails. Limits itself before it reads anything: memory, CPU time, no core file, no file, and
/// it ends with its parent.
pub fn compile_child() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            // Nobody is left to tell when this fails.
            let _ = writeln!(io::stderr(), "{reason}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), String> {
    limit_myself().map_err(|error| format!("cannot limit the compiler: {error}"))?;
    let mut wasm = Vec::new();
    io::stdin()
        .take(MOST_WASM)
        .read_to_end(&mut wasm)
        .map_err(|error| format!("cannot read the component: {error}"))?;
    let native = in_process(&wasm)?;
    let mut out = io::stdout().lock();
    out.write_all(&native).and_then(|()| out.flush()).map_err(|error| format!("cannot hand over the code: {error}"))
}

fn limit_myself() -> io::Result<()> {
    let most = |limit| Rlimit { current: Some(limit), maximum: Some(limit) };
    setrlimit(Resource::As, most(MOST_MEMORY))?;
    setrlimit(Resource::Cpu, most(MOST_CPU))?;
    setrlimit(Resource::Core, most(0))?;
    setrlimit(Resource::Fsize, most(0))?;
    set_parent_process_death_signal(Some(Signal::KILL))?;
    Ok(())
}
