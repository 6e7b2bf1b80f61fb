//! What a file says of itself, read without compiling or running it.

use std::fmt;

use trigger_host_types::Digest;

use super::{Interface, LoadError};

/// What a component is and wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspection {
    /// What it is.
    pub world: World,
    /// The version of `trigger-host:trigger` it was built for, such as `0.1.0`.
    pub version: String,
    /// Its digest.
    pub digest: Digest,
    /// Its size in bytes.
    pub size: u64,
    /// Every import, as written in the component, in its order.
    pub imports: Vec<String>,
    /// Every export, as written in the component, in its order.
    pub exports: Vec<String>,
    /// The interfaces of `trigger-host:host` it imports, each of which its grants must allow.
    pub wants: Vec<Interface>,
    /// Imports that are refused whatever the grants, each with the reason.
    pub refused: Vec<String>,
}

/// The worlds of `trigger-host:trigger` this host runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum World {
    /// `poll-trigger`.
    PollTrigger,
    /// `described-poll-trigger`: the same with a manifest.
    DescribedPollTrigger,
}

impl fmt::Display for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::PollTrigger => "poll-trigger",
            Self::DescribedPollTrigger => "described-poll-trigger",
        })
    }
}

/// Reads what a component is and wants. Compiles and runs nothing.
///
/// # Errors
/// Everything that makes `load` refuse the file, but what depends on grants ([`Inspection::wants`]) and on its imports
/// ([`Inspection::refused`]), which are told in full.
pub fn inspect(_wasm: &[u8]) -> Result<Inspection, LoadError> {
    unimplemented!()
}
