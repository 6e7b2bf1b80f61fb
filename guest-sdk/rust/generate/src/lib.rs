//! Generates the bindings of `guest-sdk/rust` from `wit/`, once, so that no trigger author pays for the generator in a
//! build.
//!
//! Owns the list of worlds and the options of the generator. Invariants: a checked-in file is exactly what
//! [`Bindings::text`] gives; the test of this crate and `trigger-host-sdk-generate --check` fail otherwise. What worlds
//! share is generated once, with the first.
#![forbid(unsafe_code)]

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use wit_bindgen_core::wit_parser::{PackageId, Resolve, WorldId, WorldItem};
use wit_bindgen_core::{Files, WorldGenerator as _};
use wit_bindgen_rust::{Opts, WithOption};

/// Where the bindings of the first world are, for those who use the SDK.
const FIRST: &str = "trigger_host_sdk::private::bindings";
/// The package with the worlds.
const PACKAGE: &str = "../../wit/trigger@0.1.0";

/// The bindings of one world.
#[derive(Debug)]
pub struct Bindings {
    world: &'static str,
    /// Of the module in the SDK.
    module: &'static str,
    is_first: bool,
}

/// One for each world the SDK builds.
pub const ALL: [Bindings; 3] = [
    Bindings { world: "described-poll-trigger", module: "bindings", is_first: true },
    Bindings { world: "described-stream-trigger", module: "stream_bindings", is_first: false },
    Bindings { world: "described-stream-producer", module: "producer_bindings", is_first: false },
];

/// The folder `guest-sdk/rust`.
fn sdk() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

impl Bindings {
    /// The checked-in file.
    pub fn checked_in(&self) -> PathBuf {
        sdk().join("src").join(self.module).with_extension("rs")
    }

    /// The text the checked-in file must have.
    ///
    /// # Errors
    /// When `wit/` does not parse or has no such world.
    pub fn text(&self) -> anyhow::Result<String> {
        let mut resolve = Resolve::default();
        let (package, _) = resolve.push_dir(sdk().join(PACKAGE)).with_context(|| format!("read {PACKAGE}"))?;
        let world = resolve.select_world(&[package], Some(self.world))?;
        let shared = if self.is_first { Vec::new() } else { shared(&resolve, package, world)? };
        let mut files = Files::default();
        self.options(shared).build().generate(&mut resolve, world, &mut files)?;
        let mut texts = files.iter();
        match (texts.next(), texts.next()) {
            (Some((_, text)), None) => Ok(self.with_own_macros(std::str::from_utf8(text)?)),
            _ => bail!("expected the generator to write exactly one file"),
        }
    }

    /// Macros of a crate share one namespace, so the manifest that several worlds export needs a name in each.
    fn with_own_macros(&self, text: &str) -> String {
        match self.is_first {
            true => text.to_owned(),
            false => {
                text.replace("__export_trigger_host_trigger_manifest", &format!("__export_{}_manifest", self.module))
            }
        }
    }

    fn options(&self, shared: Vec<(String, WithOption)>) -> Opts {
        Opts {
            format: true,
            generate_all: true,
            pub_export_macro: true,
            export_macro_name: Some(format!("export_{}", self.world.replace('-', "_"))),
            runtime_path: Some("trigger_host_sdk::private::rt".to_owned()),
            default_bindings_module: Some(format!("trigger_host_sdk::private::{}", self.module)),
            with: shared,
            ..Default::default()
        }
    }

    /// Fails when the checked-in file is not what [`Self::text`] gives.
    ///
    /// # Errors
    /// Says how to write it again.
    pub fn check(&self) -> anyhow::Result<()> {
        let path = self.checked_in();
        let present = std::fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
        if present != self.text()? {
            bail!("guest-sdk/rust/src/{}.rs is stale: run `cargo run -p trigger-host-sdk-generate`", self.module);
        }
        Ok(())
    }
}

/// The interfaces that a world imports as the first does, and where the first has generated them.
fn shared(resolve: &Resolve, package: PackageId, world: WorldId) -> anyhow::Result<Vec<(String, WithOption)>> {
    let first = resolve.select_world(&[package], Some(ALL[0].world))?;
    let first: Vec<String> = imports(resolve, first).map(|(name, _)| name).collect();
    let shared = imports(resolve, world).filter(|(name, _)| first.contains(name));
    Ok(shared.map(|(name, path)| (name, WithOption::Path(format!("{FIRST}::{path}")))).collect())
}

/// The interfaces that a world imports: their full names, and the paths of their modules.
fn imports(resolve: &Resolve, world: WorldId) -> impl Iterator<Item = (String, String)> {
    resolve.worlds[world].imports.values().filter_map(|item| {
        let WorldItem::Interface { id, .. } = item else { return None };
        let interface = &resolve.interfaces[*id];
        let (name, package) = (interface.name.as_ref()?, &resolve.packages[interface.package?].name);
        let module = [&package.namespace, &package.name, name].map(|word| word.replace('-', "_")).join("::");
        Some((package.interface_id(name), module))
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_checked_in_bindings_are_current() {
        for bindings in super::ALL {
            bindings.check().unwrap();
        }
    }
}
