//! The interfaces of `trigger-host:host`, and which of them a component's grants allow.

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

impl Interface {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Logging,
        Self::Http,
        Self::Variables,
        Self::Xcoms,
        Self::AssetState,
        Self::TaskInstances,
        Self::DagRuns,
        Self::Connections,
    ];

    /// The import, as it stands in a component.
    pub const fn import(self) -> &'static str {
        match self {
            Self::Logging => "trigger-host:host/logging@0.1.0",
            Self::Http => "trigger-host:host/http@0.1.0",
            Self::Variables => "trigger-host:host/variables@0.1.0",
            Self::Xcoms => "trigger-host:host/xcoms@0.1.0",
            Self::AssetState => "trigger-host:host/asset-state@0.1.0",
            Self::TaskInstances => "trigger-host:host/task-instances@0.1.0",
            Self::DagRuns => "trigger-host:host/dag-runs@0.1.0",
            Self::Connections => "trigger-host:host/connections@0.1.0",
        }
    }

    /// The key of `[trigger.grants]` that allows it; none for what is always allowed.
    pub const fn key(self) -> Option<&'static str> {
        match self {
            Self::Logging => None,
            Self::Http => Some("http"),
            Self::Variables => Some("variables"),
            Self::Xcoms => Some("xcom"),
            Self::AssetState => Some("asset-state"),
            Self::TaskInstances | Self::DagRuns => Some("states"),
            Self::Connections => Some("connections"),
        }
    }

    /// What to write into the catalog to allow it; nothing for what is always allowed.
    pub const fn grant(self) -> &'static str {
        match self {
            Self::Logging => "",
            Self::Http => "[trigger.grants] http = [...]",
            Self::Variables => "[trigger.grants] variables = { read = [...] }",
            Self::Xcoms => "[trigger.grants] xcom = \"read\"",
            Self::AssetState => "[trigger.grants] asset-state = \"read\"",
            Self::TaskInstances | Self::DagRuns => "[trigger.grants] states = true",
            Self::Connections => "[trigger.grants] connections = [...]",
        }
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
        matches!(interface, Interface::Logging) || self.0 & interface.bit() != 0
    }
}
