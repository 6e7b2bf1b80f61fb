//! What a file says of itself, read without compiling or running it.

use trigger_host_types::Digest;
use trigger_host_types::imports::Interface;
use wasmparser::{Validator, WasmFeatures};

use super::error::LoadError;
use super::gate::{Import, judge};
use super::outline::{Outline, outline};
use crate::log::quoted;
use crate::version::{Version, World, versions_of};
use crate::versions::Versions;

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
    pub wants: Vec<WantedImport>,
    /// Imports that are refused whatever the grants, each with the reason.
    pub refused: Vec<String>,
}

/// An interface of `trigger-host:host` that a component imports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WantedImport {
    /// Which one.
    pub interface: Interface,
    /// The import, as written in the component.
    pub import: String,
}

/// Reads what a component is and wants. Compiles and runs nothing.
///
/// # Errors
/// Everything that makes `load` refuse the file, but what depends on grants ([`Inspection::wants`]) and on its imports
/// ([`Inspection::refused`]), which it lists in full.
pub fn inspect(wasm: &[u8]) -> Result<Inspection, LoadError> {
    let (inspection, _) = read(UNNAMED, wasm, &Versions::default())?;
    validate(UNNAMED, wasm)?;
    Ok(inspection)
}

/// The same without validating what is inside: for bytes that were validated before, or are about to be by the
/// compiler. And the version that makes it what it is.
pub(crate) fn read(
    name: &str,
    wasm: &[u8],
    versions: &Versions,
) -> Result<(Inspection, &'static dyn Version), LoadError> {
    let Outline { imports, exports } = outline(name, wasm)?;
    let (room, world, version) = versions.world(&exports).ok_or_else(|| not_a_world(name, &exports, versions))?;
    let mut wants: Vec<WantedImport> = Vec::new();
    let mut refused = Vec::new();
    for import in &imports {
        match judge(import, versions) {
            Import::Free => {}
            Import::Wants(interface) if wants.iter().any(|wanted| wanted.interface == interface) => {}
            Import::Wants(interface) => wants.push(WantedImport { interface, import: import.clone() }),
            Import::Refused(reason) => refused.push(reason),
        }
    }
    let (digest, size) = (Digest::of(wasm), wasm.len() as u64);
    Ok((Inspection { world, version, digest, size, imports, exports, wants, refused }, room))
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

/// Why these exports make nothing that this host runs.
fn not_a_world(name: &str, exports: &[String], versions: &Versions) -> LoadError {
    /// More are only counted.
    const MOST_NAMED: usize = 10;
    let (name, known) = (name.to_owned(), versions.to_string());
    if let Some(version) = versions_of(exports).into_iter().find(|version| versions.find(version).is_none()) {
        return LoadError::UnknownVersion { name, version: version.to_owned(), known };
    }
    let mut words: Vec<_> = exports.iter().take(MOST_NAMED).map(|export| format!("`{export}`")).collect();
    if exports.len() > MOST_NAMED {
        words.push(format!("{} more", exports.len() - MOST_NAMED));
    }
    let exports = if words.is_empty() { "nothing".to_owned() } else { words.join(", ") };
    LoadError::WrongWorld { name, exports, known }
}
