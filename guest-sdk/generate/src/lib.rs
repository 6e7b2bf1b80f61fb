//! Generates `guest-sdk/src/bindings.rs` from `wit/`, once, so that no trigger author pays for the generator in a build.
//!
//! Owns the options of the generator. Invariant: the checked-in file is exactly what [`generate`] gives; the test of this crate and
//! `trigger-host-sdk-generate --check` fail otherwise.
#![forbid(unsafe_code)]

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use wit_bindgen_core::wit_parser::Resolve;
use wit_bindgen_core::{Files, WorldGenerator as _};

/// The world the SDK builds: polling, with a manifest.
const WORLD: &str = "described-poll-trigger";

/// The folder `guest-sdk`.
fn sdk() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The checked-in file.
pub fn checked_in() -> PathBuf {
    sdk().join("src/bindings.rs")
}

/// The text the checked-in file must have.
///
/// # Errors
/// When `wit/` does not parse or has no such world.
pub fn generate() -> anyhow::Result<String> {
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_dir(sdk().join("../wit")).context("read wit/")?;
    let world = resolve.select_world(&[package], Some(WORLD))?;
    let options = wit_bindgen_rust::Opts {
        format: true,
        generate_all: true,
        pub_export_macro: true,
        export_macro_name: Some("export_described_poll_trigger".to_owned()),
        runtime_path: Some("trigger_host_sdk::private::rt".to_owned()),
        default_bindings_module: Some("trigger_host_sdk::private::bindings".to_owned()),
        ..Default::default()
    };
    let mut files = Files::default();
    options.build().generate(&mut resolve, world, &mut files)?;
    let mut texts = files.iter();
    match (texts.next(), texts.next()) {
        (Some((_, text)), None) => Ok(String::from_utf8(text.to_vec())?),
        _ => bail!("expected the generator to write exactly one file"),
    }
}

/// Fails when the checked-in file is not what [`generate`] gives.
///
/// # Errors
/// Says how to write it anew.
pub fn check() -> anyhow::Result<()> {
    let path = checked_in();
    let present = std::fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
    if present != generate()? {
        bail!("guest-sdk/src/bindings.rs is stale: run `cargo run -p trigger-host-sdk-generate`");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_checked_in_bindings_are_current() {
        super::check().unwrap();
    }
}
