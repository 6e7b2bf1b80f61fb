//! How much is read of whom: what Airflow stored may be deep and large, what a guest sends may not.

use crate::encode::MAX_BYTES;
use crate::json::Limits;

/// The most nesting that is read of what Airflow stored. Python itself gives up earlier.
const WIRE_DEPTH: usize = 10_000;
/// The most nesting of a guest's payload, checkpoint or XCom: the server's own parser follows 200 levels, and tags add
/// some.
pub const GUEST_DEPTH: usize = 64;
/// A tag may add four levels to one.
const NEUTRAL_DEPTH: usize = 4 * WIRE_DEPTH;
const MAX_WIRE_BYTES: usize = 64 * 1024 * 1024;

pub(crate) const WIRE: Limits = Limits { depth: WIRE_DEPTH, bytes: MAX_WIRE_BYTES, bare_words: true };
pub(crate) const GUEST: Limits = Limits { depth: GUEST_DEPTH, bytes: MAX_BYTES, bare_words: false };
pub(crate) const NEUTRAL: Limits = Limits { depth: NEUTRAL_DEPTH, bytes: 4 * MAX_WIRE_BYTES, bare_words: false };
