//! What one call may use.

use std::time::Duration;

/// What one call may use. All sizes are sums over the call: over all memories, all tables, all events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of linear memory. 64 MiB.
    pub memory: u64,
    /// Elements of tables. 10,000.
    pub table_elements: u32,
    /// CPU time, measured on the thread, so without what other work took. 250 ms.
    pub cpu: Duration,
    /// Wall-clock time, including waiting in host calls. 30 s.
    pub wall: Duration,
    /// Host calls with an effect outside: each request of a `send-all` is one. 256.
    pub host_calls: u32,
    /// Events in one answer. 1,000.
    pub events: u32,
    /// Bytes of one answer: events and checkpoint. 1 MiB.
    pub answer_bytes: u64,
    /// Bytes of log lines, standard output included. 64 KiB.
    pub log_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory: 64 << 20,
            table_elements: 10_000,
            cpu: Duration::from_millis(250),
            wall: Duration::from_secs(30),
            host_calls: 256,
            events: 1_000,
            answer_bytes: 1 << 20,
            log_bytes: 64 << 10,
        }
    }
}
