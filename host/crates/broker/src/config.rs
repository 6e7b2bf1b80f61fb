//! How a broker behaves for all guests, and why one cannot be had so.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use trigger_host_types::{Clock, SystemClock};

use crate::dns::{Lookup, SystemLookup};

/// How a broker behaves for all guests.
#[derive(Debug, Clone)]
pub struct BrokerConfig {
    /// The host's own listeners (API, admin, logs). Denied even under `private = true`, unless a grant's origin is that
    /// very address (or `localhost`) with that port. An unspecified address (`0.0.0.0`) stands for all addresses of the
    /// machine.
    pub forbidden: Vec<SocketAddr>,
    /// Exchanges at once, over all grants. At least 1.
    pub total_in_flight: usize,
    /// How long a name may take to resolve.
    pub resolve_within: Duration,
    /// Resolves host names.
    pub lookup: Arc<dyn Lookup>,
    /// What signatures are dated by.
    pub clock: Arc<dyn Clock>,
}

impl Default for BrokerConfig {
    fn default() -> Self {
        Self {
            forbidden: Vec::new(),
            total_in_flight: 256,
            resolve_within: Duration::from_secs(5),
            lookup: Arc::new(SystemLookup::default()),
            clock: Arc::new(SystemClock),
        }
    }
}

/// Why a broker cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum BrokerError {
    /// `total_in_flight` is 0 or more than a semaphore takes.
    #[error("{0} exchanges at once is out of range: it must be 1 to 65536")]
    TotalInFlight(usize),
    /// No certificates of the system.
    #[error("cannot set up TLS: install the system's CA certificates")]
    Tls(#[source] rustls::Error),
}
