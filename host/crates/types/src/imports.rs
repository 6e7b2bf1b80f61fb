//! The imports of `trigger-host:host`: one row for each interface, from which everything that has to know them takes
//! what it says.
//!
//! The gate of the sandbox, its linker, the label of the metric, `inspect`, the catalog's grant keys, the texts of
//! refusals and the seam to whoever answers for Airflow read this table. A new import is a row here, its WIT, and files
//! of its own.

use crate::airflow::{
    Answers, Ask, AssetStateClear, AssetStateDelete, AssetStateGet, AssetStateSet, ConnectionDescribe,
    ConnectionExtras, DagRunCount, DagRunState, TaskCount, TaskPrevious, TaskStates, VariableDelete, VariableGet,
    VariableKeys, VariablePut, XcomDelete, XcomGet, XcomSet,
};

/// What is said of one interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Import {
    /// Which one.
    pub interface: Interface,
    /// Its name in WIT, which is the metric's label too.
    pub name: &'static str,
    /// What allows it; none for what is always allowed.
    pub grant: Option<Grant>,
    /// The names of the asks that it puts to Airflow.
    pub asks: &'static [&'static str],
}

/// What allows an interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grant {
    /// The key of `[trigger.grants]`.
    pub key: &'static str,
    /// A value for the key, as an example.
    pub example: &'static str,
}

/// Writes the rows out: as an enum, as a table, and as the trait of whoever answers all asks.
macro_rules! imports {
    ($( $(#[$doc:meta])* $interface:ident: $name:literal, $grant:expr, [$($ask:ident),*]; )*) => {
        /// An interface of `trigger-host:host`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Interface { $( $(#[$doc])* $interface, )* }

        /// The table, in the order of [`Interface`].
        pub const IMPORTS: &[Import] = &[$( Import {
            interface: Interface::$interface,
            name: $name,
            grant: $grant,
            asks: &[$( <$ask as Ask>::NAME, )*],
        }, )*];

        impl Interface {
            /// All of them.
            pub const ALL: [Self; IMPORTS.len()] = [$( Self::$interface, )*];
        }

        /// Whoever answers every ask of the table. What answers each of them is this: there is nothing to implement.
        pub trait AnswersAll: $( $( Answers<$ask> + )* )* {}

        impl<T: $( $( Answers<$ask> + )* )*> AnswersAll for T {}

        /// Every ask with the interface it says it belongs to, by the row it stands in.
        #[cfg(test)]
        const ASKS: &[(Interface, &str, &str)] =
            &[$( $( (Interface::$interface, <$ask as Ask>::INTERFACE, <$ask as Ask>::NAME), )* )*];
    };
}

imports! {
    /// Lines for the trigger's log; always allowed.
    Logging: "logging", None, [];
    /// HTTP through the host.
    Http: "http", grant("http", "[...]"), [];
    /// Airflow's variables.
    Variables: "variables", grant("variables", "{ read = [...] }"),
        [VariableGet, VariableKeys, VariablePut, VariableDelete];
    /// XComs of the trigger's own Dag run.
    Xcoms: "xcoms", grant("xcom", "\"read\""), [XcomGet, XcomSet, XcomDelete];
    /// The state store of the assets that the trigger watches.
    AssetState: "asset-state", grant("asset-state", "\"read\""),
        [AssetStateGet, AssetStateSet, AssetStateDelete, AssetStateClear];
    /// States of task instances.
    TaskInstances: "task-instances", grant("states", "true"), [TaskCount, TaskStates, TaskPrevious];
    /// States of Dag runs.
    DagRuns: "dag-runs", grant("states", "true"), [DagRunState, DagRunCount];
    /// What connections point to, and settings in them.
    Connections: "connections", grant("connections", "[...]"), [ConnectionDescribe, ConnectionExtras];
}

const fn grant(key: &'static str, example: &'static str) -> Option<Grant> {
    Some(Grant { key, example })
}

impl Interface {
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
    use std::collections::BTreeSet;

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

    #[test]
    fn every_ask_stands_in_the_row_of_its_interface_and_has_a_name_of_its_own() {
        for (interface, own, name) in ASKS {
            assert_eq!(interface.name(), *own, "{name}");
            assert!(name.strip_prefix(own).is_some_and(|rest| rest.starts_with('.')), "{name}");
        }
        let names: BTreeSet<_> = ASKS.iter().map(|(_, _, name)| name).collect();
        assert_eq!(names.len(), ASKS.len());
    }
}
