//! What a component may import. Deny by default; a refusal says what grant gives it, or that none does.

use super::{Allowed, Inspection, Interface, LoadError};

/// The part of WASI 0.2 the standard libraries need; linked by `imports::linker`, with nothing granted.
const WASI: [&str; 20] = [
    "wasi:cli/environment",
    "wasi:cli/exit",
    "wasi:cli/stdin",
    "wasi:cli/stdout",
    "wasi:cli/stderr",
    "wasi:cli/terminal-input",
    "wasi:cli/terminal-output",
    "wasi:cli/terminal-stdin",
    "wasi:cli/terminal-stdout",
    "wasi:cli/terminal-stderr",
    "wasi:clocks/monotonic-clock",
    "wasi:clocks/wall-clock",
    "wasi:filesystem/preopens",
    "wasi:filesystem/types",
    "wasi:io/error",
    "wasi:io/poll",
    "wasi:io/streams",
    "wasi:random/random",
    "wasi:random/insecure",
    "wasi:random/insecure-seed",
];

/// What is to be done with one import.
pub(super) enum Import {
    /// Linked for everybody.
    Free,
    /// Linked for those whose grants allow it.
    Wants(Interface),
    /// Refused, with the reason.
    Refused(String),
}

/// Judges one import by its name.
pub(super) fn judge(import: &str) -> Import {
    let (interface, version) = import.split_once('@').unwrap_or((import, ""));
    if let Some(host) = interface.strip_prefix("trigger-host:host/") {
        return match host {
            _ if !is_compatible(version, "0.1.") => refused(import, "this host offers version 0.1"),
            // Shapes only: nothing can be called there.
            "runtime" => Import::Free,
            host => match Interface::ALL.into_iter().find(|known| name(*known) == host) {
                Some(interface) => Import::Wants(interface),
                None => refused(import, "this host does not offer it"),
            },
        };
    }
    // Shapes only: nothing can be called there.
    let shapes = ["trigger-host:trigger/types", "trigger-host:trigger/messages"];
    if shapes.contains(&interface) && is_compatible(version, "0.1.") {
        return Import::Free;
    }
    if WASI.contains(&interface) {
        let fits = is_compatible(version, "0.2.");
        return if fits { Import::Free } else { refused(import, "this host offers version 0.2 of WASI") };
    }
    if interface.starts_with("wasi:sockets/") || interface.starts_with("wasi:http/") {
        return refused(
            import,
            "a trigger has no network of its own: use `trigger-host:host/http` and a grant `[trigger.grants] http = [...]`",
        );
    }
    refused(import, "this host does not offer it, and no grant gives it")
}

/// The interface's own name, without package and version.
fn name(interface: Interface) -> &'static str {
    let import = interface.import();
    let name = import.rsplit_once('/').map_or(import, |(_, name)| name);
    name.split_once('@').map_or(name, |(name, _)| name)
}

fn is_compatible(version: &str, series: &str) -> bool {
    version.strip_prefix(series).is_some_and(|patch| patch.parse::<u32>().is_ok())
}

fn refused(import: &str, why: &str) -> Import {
    Import::Refused(format!("it imports `{import}`: {why}"))
}

/// Refuses a component with the full list of what it may not have.
pub(crate) fn admit(name: &str, inspection: &Inspection, allowed: &Allowed) -> Result<(), LoadError> {
    let mut refusals = inspection.refused.clone();
    refusals.extend(
        inspection
            .wants
            .iter()
            .filter(|wanted| !allowed.holds(**wanted))
            .map(|wanted| format!("it imports `{}`, which is not granted: add `{}`", wanted.import(), wanted.grant())),
    );
    if refusals.is_empty() { Ok(()) } else { Err(LoadError::Refused { name: name.to_owned(), refusals }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn judges_by_interface_and_version() {
        for import in [
            "wasi:io/poll@0.2.0",
            "wasi:cli/exit@0.2.12",
            "trigger-host:trigger/types@0.1.0",
            "trigger-host:host/runtime@0.1.0",
        ] {
            assert!(matches!(judge(import), Import::Free), "{import}");
        }
        assert!(matches!(judge("trigger-host:host/http@0.1.7"), Import::Wants(Interface::Http)));
        for interface in Interface::ALL {
            assert!(matches!(judge(interface.import()), Import::Wants(wanted) if wanted == interface), "{interface:?}");
        }
        for import in [
            "wasi:io/poll@0.3.0",
            "wasi:io/poll",
            "wasi:io/poll@0.2.x",
            "wasi:sockets/tcp@0.2.0",
            "wasi:http/outgoing-handler@0.2.0",
            "wasi:clocks/timezone@0.2.0",
            "trigger-host:host/http@0.2.0",
            "trigger-host:host/hitl@0.1.0",
            "other:thing/x@1.0.0",
            "bare",
        ] {
            assert!(matches!(judge(import), Import::Refused(_)), "{import}");
        }
    }
}
