//! `trigger-host-sdk-generate` writes the bindings; with `--check` it only compares them.

use anyhow::{Context as _, bail};
use trigger_host_sdk_generate::ALL;

fn main() -> anyhow::Result<()> {
    match std::env::args().nth(1).as_deref() {
        None => ALL.iter().try_for_each(|bindings| {
            let path = bindings.checked_in();
            std::fs::write(&path, bindings.text()?).with_context(|| format!("write {}", path.display()))
        }),
        Some("--check") => ALL.iter().try_for_each(|bindings| bindings.check()),
        Some(other) => bail!("unknown argument `{other}`: expected nothing, or `--check`"),
    }
}
