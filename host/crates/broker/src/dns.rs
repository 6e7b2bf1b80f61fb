//! Names to addresses, checked: the address that is checked is the address that is dialled.
//!
//! Each client dials one origin and has a resolver that knows its port and rule. The connector gets its addresses from
//! here and from nowhere else, so a name whose answer changes between two look-ups is checked each time it is used.

use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs as _};
use std::sync::Arc;
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::address::AddressRule;

/// Looks a name up.
#[async_trait::async_trait]
pub trait Lookup: Send + Sync + std::fmt::Debug {
    /// All addresses of a name. The caller gives up after its own deadline.
    async fn lookup(&self, host: &str) -> io::Result<Vec<IpAddr>>;
}

/// The system's resolver, at most 32 look-ups at once.
#[derive(Debug)]
pub struct SystemLookup(Arc<Semaphore>);

impl Default for SystemLookup {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(32)))
    }
}

#[async_trait::async_trait]
impl Lookup for SystemLookup {
    async fn lookup(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        let place = self.0.clone().acquire_owned().await.map_err(io::Error::other)?;
        let host = host.to_owned();
        // The system's call cannot be cancelled: the place is given back when it ends, not when we stop waiting for it.
        let found = tokio::task::spawn_blocking(move || {
            let _place = place;
            (host.as_str(), 0).to_socket_addrs().map(|found| found.map(|address| address.ip()).collect())
        });
        found.await.map_err(io::Error::other)?
    }
}

/// Most addresses of one name that are tried.
const MOST_ADDRESSES: usize = 16;

/// The resolver of one client.
#[derive(Debug)]
pub(crate) struct CheckedResolver {
    pub(crate) lookup: Arc<dyn Lookup>,
    pub(crate) rule: AddressRule,
    pub(crate) port: u16,
    pub(crate) within: Duration,
}

/// Why a name gives no address to dial.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ResolveError {
    #[error("the name does not resolve")]
    Unknown(#[source] io::Error),
    #[error("the name does not resolve to any address")]
    Empty,
    #[error("the name was not resolved in time")]
    Deadline,
}

impl Resolve for CheckedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let Self { lookup, rule, port, within } = self;
        let (lookup, rule, port, within) = (Arc::clone(lookup), rule.clone(), *port, *within);
        Box::pin(async move {
            let found = timeout(within, lookup.lookup(name.as_str())).await.map_err(|_| ResolveError::Deadline)?;
            let mut found = found.map_err(ResolveError::Unknown)?;
            found.truncate(MOST_ADDRESSES);
            if found.is_empty() {
                return Err(ResolveError::Empty.into());
            }
            // One address that is not allowed condemns the answer: a name that partly leads inside cannot be trusted.
            found.iter().try_for_each(|address| rule.check(*address, port))?;
            Ok(Box::new(found.into_iter().map(move |address| SocketAddr::new(address, port))) as Addrs)
        })
    }
}
