//! Why a source is not made.

/// Why a source is not made. The text may be shown to a guest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SourceRefused {
    /// The operator's table has no such source.
    #[error("there is no source `{0}`: add [sources.{0}] to the catalog")]
    Unknown(String),
    /// The program was built without this kind.
    #[error("source `{name}`: this program was built without `{kind}` sources: build it with `--features {kind}`")]
    NotBuilt {
        /// The source.
        name: String,
        /// Its kind.
        kind: &'static str,
    },
    /// What the operator wrote cannot be.
    #[error("[sources.{name}] {key}: {what}")]
    Settings {
        /// The source.
        name: String,
        /// The key in its table.
        key: &'static str,
        /// What is wrong, and what would be right.
        what: String,
    },
    /// What the guest asked for cannot be, or is not granted.
    #[error("source `{name}`: {what}")]
    Parameters {
        /// The source.
        name: String,
        /// What is wrong, and what would be right.
        what: String,
    },
}
