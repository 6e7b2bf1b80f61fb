//! Why a source is not made.

/// Why a source is not made. The text may be shown to a guest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SourceRefused {
    /// The program was built without this kind.
    #[error("source `{name}`: this program was built without `{kind}` sources: build it with `--features {kind}`")]
    NotBuilt {
        /// Name of the source.
        name: String,
        /// The kind of the source.
        kind: &'static str,
    },
    /// The operator's settings are wrong.
    #[error("[sources.{name}] {key}: {what}")]
    Settings {
        /// Name of the source.
        name: String,
        /// The key in its table.
        key: &'static str,
        /// What is wrong, and what would be right.
        what: String,
    },
    /// What the trigger asked for is impossible, or not granted.
    #[error("source `{name}`: {what}")]
    Parameters {
        /// Name of the source.
        name: String,
        /// What is wrong, and what would be right.
        what: String,
    },
}
