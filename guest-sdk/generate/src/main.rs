//! `trigger-host-sdk-generate` writes the bindings; with `--check` it only compares them.

use anyhow::{Context as _, bail};

fn main() -> anyhow::Result<()> {
    match std::env::args().nth(1).as_deref() {
        None => {
            let path = trigger_host_sdk_generate::checked_in();
            std::fs::write(&path, trigger_host_sdk_generate::generate()?)
                .with_context(|| format!("write {}", path.display()))
        }
        Some("--check") => trigger_host_sdk_generate::check(),
        Some(other) => bail!("unknown argument `{other}`: expected nothing, or `--check`"),
    }
}
