//! How a sandbox is set up, and why it may not start.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use trigger_host_types::Clock;

use crate::versions::Versions;

/// How a sandbox is set up.
#[derive(Debug, Clone)]
pub struct Config {
    /// Calls in flight at most; more wait for their turn. Each takes about 4 GiB of address space and, warm, up to 1
    /// MiB of memory. Filters of shared streams stay between their calls in slots beside these: four times as many at
    /// most, as far as 16,000 in all allow, while their memories are together no more than 8 MiB for each slot of this
    /// number.
    pub slots: usize,
    /// Bytes of linear memory a slot can hold at all; a call's own limit may be lower.
    pub max_memory: u64,
    /// How often a running guest is looked at. 2 ms is a good value: below 1 ms it costs more than it gives.
    pub tick: Duration,
    /// Threads that run guests.
    pub workers: usize,
    /// Folder for compiled code; without it each load compiles.
    pub cache: Option<PathBuf>,
    /// Who compiles.
    pub compiler: Compiler,
    /// The versions of the interface that are known.
    pub versions: Versions,
    /// What guests see as the wall clock.
    pub clock: Arc<dyn Clock>,
}

/// Who compiles a component.
#[derive(Debug, Clone)]
pub enum Compiler {
    /// This process, on a separate thread. For tests and for trusted components.
    InProcess,
    /// A child process with limits, that runs [`crate::compile_child`].
    Child {
        /// The program.
        program: PathBuf,
        /// Its arguments, up to and including the hidden subcommand.
        arguments: Vec<OsString>,
    },
}

impl Config {
    /// 256 slots of 64 MiB, two workers, a tick of 2 ms, no cache, compiling in this process.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            slots: 256,
            max_memory: 64 << 20,
            tick: Duration::from_millis(2),
            workers: 2,
            cache: None,
            compiler: Compiler::InProcess,
            versions: Versions::default(),
            clock,
        }
    }
}

/// Why a sandbox does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A setting makes no sense; names it.
    #[error("{0}")]
    Setting(String),
    /// The engine refuses its settings, or the machine does not have the address space for the slots.
    #[error("cannot start the WebAssembly engine with {slots} slots: {reason}")]
    Engine {
        /// The slots asked for.
        slots: usize,
        /// What the engine said.
        reason: String,
    },
    /// A thread cannot be started.
    #[error("cannot start a thread for guests")]
    Thread(#[source] std::io::Error),
}
