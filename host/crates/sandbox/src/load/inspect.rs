//! What a file says of itself, read without compiling or running it.

use std::fmt;

use trigger_host_types::Digest;
use wasmparser::{Validator, WasmFeatures};

use super::gate::{Import, judge};
use super::outline::{Outline, outline};
use super::{Interface, LoadError};
use crate::log::quoted;

/// What errors of `inspect` call a component that has no name yet.
const UNNAMED: &str = "the component";

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
    /// `stream-trigger`.
    StreamTrigger,
    /// `described-stream-trigger`.
    DescribedStreamTrigger,
    /// `stream-producer`.
    StreamProducer,
    /// `described-stream-producer`.
    DescribedStreamProducer,
}

impl World {
    /// Whether it says something of itself.
    pub const fn is_described(self) -> bool {
        matches!(self, Self::DescribedPollTrigger | Self::DescribedStreamTrigger | Self::DescribedStreamProducer)
    }

    /// Whether it is polled.
    pub const fn is_polled(self) -> bool {
        matches!(self, Self::PollTrigger | Self::DescribedPollTrigger)
    }

    /// Whether it filters a shared stream.
    pub const fn is_subscriber(self) -> bool {
        matches!(self, Self::StreamTrigger | Self::DescribedStreamTrigger)
    }

    /// Whether it is an upstream, not a trigger.
    pub const fn is_producer(self) -> bool {
        matches!(self, Self::StreamProducer | Self::DescribedStreamProducer)
    }
}

impl fmt::Display for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::PollTrigger => "poll-trigger",
            Self::DescribedPollTrigger => "described-poll-trigger",
            Self::StreamTrigger => "stream-trigger",
            Self::DescribedStreamTrigger => "described-stream-trigger",
            Self::StreamProducer => "stream-producer",
            Self::DescribedStreamProducer => "described-stream-producer",
        })
    }
}

/// Reads what a component is and wants. Compiles and runs nothing.
///
/// # Errors
/// Everything that makes `load` refuse the file, but what depends on grants ([`Inspection::wants`]) and on its imports
/// ([`Inspection::refused`]), which are told in full.
pub fn inspect(wasm: &[u8]) -> Result<Inspection, LoadError> {
    let inspection = read(UNNAMED, wasm)?;
    validate(UNNAMED, wasm)?;
    Ok(inspection)
}

/// The same without validating what is inside: for bytes that were validated before, or are about to be by the compiler.
pub(crate) fn read(name: &str, wasm: &[u8]) -> Result<Inspection, LoadError> {
    let Outline { imports, exports } = outline(name, wasm)?;
    let (world, version) = world(&exports).ok_or_else(|| wrong_world(name, &exports))?;
    let mut wants = Vec::new();
    let mut refused = Vec::new();
    for import in &imports {
        match judge(import) {
            Import::Free => {}
            Import::Wants(interface) if wants.contains(&interface) => {}
            Import::Wants(interface) => wants.push(interface),
            Import::Refused(reason) => refused.push(reason),
        }
    }
    let (digest, size) = (Digest::of(wasm), wasm.len() as u64);
    Ok(Inspection { world, version, digest, size, imports, exports, wants, refused })
}

/// Checks all of a component, its code included.
pub(crate) fn validate(name: &str, wasm: &[u8]) -> Result<(), LoadError> {
    let invalid =
        |error: wasmparser::BinaryReaderError| LoadError::Invalid { name: name.to_owned(), reason: quoted(error) };
    Validator::new_with_features(features()).validate_all(wasm).map(drop).map_err(invalid)
}

/// What the engine's settings leave on; see `engine`.
fn features() -> WasmFeatures {
    WasmFeatures::WASM2
        | WasmFeatures::EXTENDED_CONST
        | WasmFeatures::COMPONENT_MODEL
        | WasmFeatures::FLOATS
        | WasmFeatures::SIMD
}

fn world(exports: &[String]) -> Option<(World, String)> {
    let version = |interface: &str| {
        let version = |export: &String| {
            let (name, version) = export.split_once('@')?;
            let patch = version.strip_prefix("0.1.")?;
            (name == interface && patch.parse::<u32>().is_ok()).then(|| version.to_owned())
        };
        exports.iter().find_map(version)
    };
    let is_described = version("trigger-host:trigger/manifest").is_some();
    let of = |plain, described| if is_described { described } else { plain };
    if let Some(version) = version("trigger-host:trigger/poller") {
        return Some((of(World::PollTrigger, World::DescribedPollTrigger), version));
    }
    if let Some(version) = version("trigger-host:trigger/subscriber") {
        return Some((of(World::StreamTrigger, World::DescribedStreamTrigger), version));
    }
    let (reader, _) = (version("trigger-host:trigger/reader")?, version("trigger-host:trigger/acker")?);
    Some((of(World::StreamProducer, World::DescribedStreamProducer), reader))
}

fn wrong_world(name: &str, exports: &[String]) -> LoadError {
    /// So many are told.
    const TOLD: usize = 10;
    let mut words: Vec<_> = exports.iter().take(TOLD).map(|export| format!("`{export}`")).collect();
    if exports.len() > TOLD {
        words.push(format!("{} more", exports.len() - TOLD));
    }
    let exports = if words.is_empty() { "nothing".to_owned() } else { words.join(", ") };
    LoadError::WrongWorld { name: name.to_owned(), exports }
}
