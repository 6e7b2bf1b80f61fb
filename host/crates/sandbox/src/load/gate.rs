//! What a component may import at all. Deny by default; a refusal says why no grant gives it.

use trigger_host_types::imports::Interface;

use crate::imports::WASI;
use crate::version::is_of_series;
use crate::versions::Versions;

/// The series of WASI that is linked.
const WASI_SERIES: &str = "0.2";

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
pub(super) fn judge(import: &str, versions: &Versions) -> Import {
    let (interface, version) = import.split_once('@').unwrap_or((import, ""));
    if let Some(name) = interface.strip_prefix("trigger-host:host/") {
        let Some(version) = versions.find(version) else {
            return refused(import, &format!("this host supports only {versions}"));
        };
        return match Interface::by_name(name) {
            Some(wanted) if version.interfaces().contains(&wanted) => Import::Wants(wanted),
            None if version.types().contains(&interface) => Import::Free,
            _ => refused(import, "this host does not offer it"),
        };
    }
    if interface.starts_with("trigger-host:trigger/") {
        return match versions.find(version) {
            Some(version) if version.types().contains(&interface) => Import::Free,
            Some(_) => refused(import, "a trigger may export it, not import it"),
            None => refused(import, &format!("this host supports only {versions}")),
        };
    }
    if WASI.contains(&interface) {
        let fits = is_of_series(version, WASI_SERIES);
        return if fits { Import::Free } else { refused(import, "this host offers version 0.2 of WASI") };
    }
    if interface.starts_with("wasi:sockets/") || interface.starts_with("wasi:http/") {
        return refused(
            import,
            "a trigger has no network of its own: use `trigger-host:host/http`, with the grant `[trigger.grants] http = [...]`",
        );
    }
    refused(import, "this host does not offer it, and no grant allows it")
}

fn refused(import: &str, why: &str) -> Import {
    Import::Refused(format!("it imports `{import}`: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(import: &str) -> Import {
        super::judge(import, &Versions::default())
    }

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
            let import = format!("trigger-host:host/{}@0.1.0", interface.name());
            assert!(matches!(judge(&import), Import::Wants(wanted) if wanted == interface), "{interface:?}");
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
