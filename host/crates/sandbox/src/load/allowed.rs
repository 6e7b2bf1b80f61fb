//! The interfaces of `trigger-host:host`, and which of them a component's grants allow.

/// An interface of `trigger-host:host`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Interface {
    /// Lines for the trigger's log; always allowed.
    Logging,
    /// HTTP through the host.
    Http,
}

impl Interface {
    /// The import, as it stands in a component.
    pub const fn import(self) -> &'static str {
        match self {
            Self::Logging => "trigger-host:host/logging@0.1.0",
            Self::Http => "trigger-host:host/http@0.1.0",
        }
    }

    /// What to write into the catalog to allow it; nothing for what is always allowed.
    pub const fn grant(self) -> &'static str {
        match self {
            Self::Logging => "",
            Self::Http => "[trigger.grants] http = [...]",
        }
    }
}

/// Which interfaces the grants allow. The default is `logging` alone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Allowed {
    /// Whether there is at least one HTTP grant.
    pub http: bool,
}

impl Allowed {
    /// Everything there is.
    pub const ALL: Self = Self { http: true };
    /// Nothing but `logging`.
    pub const NONE: Self = Self { http: false };

    /// Whether the grants allow this interface.
    pub const fn holds(&self, interface: Interface) -> bool {
        match interface {
            Interface::Logging => true,
            Interface::Http => self.http,
        }
    }
}
