//! The interfaces of `trigger-host:host`, and which of them a component's grants allow.

/// An interface of `trigger-host:host`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Interface {
    /// Lines for the trigger's log; always allowed.
    Logging,
    /// HTTP through the host.
    Http,
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
}
