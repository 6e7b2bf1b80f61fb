//! What counts as a secret, and every spelling in which one is looked for.
//!
//! Two rooms take secrets out of text: the logs (a line that a trigger writes) and the broker (an answer that a server
//! gives). Both use this list, so that a spelling that one of them finds is found by the other. Owns no secret and
//! searches nothing; pure.
#![forbid(unsafe_code)]

mod names;
mod spelling;

pub use names::{is_sensitive, names_secret};
pub use spelling::{SPELLINGS, Spelling, as_base64, as_text, every_spelling};

/// What stands where a secret was; what Airflow's own masking writes.
pub const MASK: &str = "***";

/// A shorter secret is not looked for: it would be found everywhere (`[logging] min_length_masked_secret`).
pub const SHORTEST: usize = 5;
