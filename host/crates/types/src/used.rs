//! What one call into a guest used.

use std::time::Duration;

/// What a call used.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Used {
    /// CPU time of the guest and of the host on its behalf.
    pub cpu: Duration,
    /// Wall-clock time, from the moment the call had a slot.
    pub wall: Duration,
    /// The peak of its linear memory, in bytes.
    pub memory: u64,
    /// Host calls made.
    pub host_calls: u32,
    /// The last host calls and their results, newest last, at most 8: `http.send GET https://h.example: 200`. Of a URL
    /// only the origin.
    pub last_host_calls: Vec<String>,
    /// Log lines that were counted but not kept.
    pub log_lines_dropped: u32,
}
