//! The imports of `trigger-host:host`: one row for each interface, from which everything that has to know them takes what it says.
//!
//! The gate of the sandbox, its linker, the label of the metric, `inspect`, the catalog's grant keys and the texts of refusals read this table.
//! A new import is a row here, its WIT, and files of its own.

/// An interface of `trigger-host:host`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Interface {
    /// Lines for the trigger's log; always allowed.
    Logging,
    /// HTTP through the host.
    Http,
    /// Airflow's variables.
    Variables,
    /// XComs of the trigger's own Dag run.
    Xcoms,
    /// The state store of the assets that the trigger watches.
    AssetState,
    /// States of task instances.
    TaskInstances,
    /// States of Dag runs.
    DagRuns,
    /// What connections point to.
    Connections,
}

/// What is said of one interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Import {
    /// Which one.
    pub interface: Interface,
    /// Its name in WIT, which is the metric's label too.
    pub name: &'static str,
    /// What allows it; none for what is always allowed.
    pub grant: Option<Grant>,
}

/// What allows an interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grant {
    /// The key of `[trigger.grants]`.
    pub key: &'static str,
    /// A value for the key, as an example.
    pub example: &'static str,
}

/// The table, in the order of [`Interface`].
pub const IMPORTS: [Import; 8] = [
    Import { interface: Interface::Logging, name: "logging", grant: None },
    row(Interface::Http, "http", "http", "[...]"),
    row(Interface::Variables, "variables", "variables", "{ read = [...] }"),
    row(Interface::Xcoms, "xcoms", "xcom", "\"read\""),
    row(Interface::AssetState, "asset-state", "asset-state", "\"read\""),
    row(Interface::TaskInstances, "task-instances", "states", "true"),
    row(Interface::DagRuns, "dag-runs", "states", "true"),
    row(Interface::Connections, "connections", "connections", "[...]"),
];

const fn row(interface: Interface, name: &'static str, key: &'static str, example: &'static str) -> Import {
    Import { interface, name, grant: Some(Grant { key, example }) }
}

impl Interface {
    /// All of them.
    pub const ALL: [Self; IMPORTS.len()] = {
        let mut all = [Self::Logging; IMPORTS.len()];
        let mut at = 0;
        while at < all.len() {
            all[at] = IMPORTS[at].interface;
            at += 1;
        }
        all
    };

    /// The interface of this name in WIT.
    pub fn by_name(name: &str) -> Option<Self> {
        IMPORTS.iter().find(|import| import.name == name).map(|import| import.interface)
    }

    /// Its row of the table.
    pub const fn row(self) -> Import {
        IMPORTS[self as usize]
    }

    /// Its name in WIT, which is the metric's label too.
    pub const fn name(self) -> &'static str {
        self.row().name
    }

    /// The key of `[trigger.grants]` that allows it; none for what is always allowed.
    pub fn key(self) -> Option<&'static str> {
        self.row().grant.map(|grant| grant.key)
    }

    /// What to write into the catalog to allow it; nothing for what is always allowed.
    pub fn advice(self) -> String {
        self.row().grant.map(|Grant { key, example }| format!("[trigger.grants] {key} = {example}")).unwrap_or_default()
    }

    const fn bit(self) -> u16 {
        1 << self as u16
    }
}

/// Which interfaces the grants allow. The default is `logging` alone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Allowed(u16);

impl Allowed {
    /// Everything there is.
    pub const ALL: Self = Self(u16::MAX);
    /// Nothing but `logging`.
    pub const NONE: Self = Self(0);

    /// The same, and this interface where `is_granted`.
    #[must_use]
    pub const fn with(self, interface: Interface, is_granted: bool) -> Self {
        if is_granted { Self(self.0 | interface.bit()) } else { self }
    }

    /// Whether the grants allow this interface.
    pub const fn holds(&self, interface: Interface) -> bool {
        interface.row().grant.is_none() || self.0 & interface.bit() != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_interface_finds_its_own_row() {
        for (at, import) in IMPORTS.iter().enumerate() {
            assert_eq!(import.interface as usize, at, "{}", import.name);
            assert_eq!(Interface::by_name(import.name), Some(import.interface));
            assert_eq!(import.interface.row(), *import);
        }
        assert_eq!(Interface::by_name("runtime"), None);
    }
}
