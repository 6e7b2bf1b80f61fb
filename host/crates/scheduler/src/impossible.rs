//! States that the code excludes and the compiler does not know to be excluded.
//!
//! A host that panics takes all its triggers along, and one that silently goes on hides a fault; so such a state is
//! counted, and the tests look at the count.

/// Something that cannot happen. Each value is one label of a metric, so the set stays small.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Impossible {
    /// A slot without a trigger was used.
    EmptySlot,
    /// A trigger that delivers has nothing to deliver.
    EmptyOutbox,
    /// A trigger without a class was about to run.
    NoClass,
    /// An effect names a trigger that has moved on already.
    OutdatedEffect,
}

impl Impossible {
    /// The label.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EmptySlot => "empty-slot",
            Self::EmptyOutbox => "empty-outbox",
            Self::NoClass => "no-class",
            Self::OutdatedEffect => "outdated-effect",
        }
    }
}
