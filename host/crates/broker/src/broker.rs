//! The broker: finds the grant, waits for a place, runs the exchange under its deadline.
//!
//! Fairness: an exchange takes a place of its grant first and one of all places second, both in the order of asking. So
//! a grant holds at most `max_in_flight` turns of the common queue, however much one trigger sends.

use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{self, StreamExt as _};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, timeout_at};
use trigger_host_types::http::{Error, Request, Response};
use trigger_host_types::{Clock, Connections};

use crate::client::Clients;
use crate::config::{BrokerConfig, BrokerError};
use crate::credential::{Credential, Mask, Scrubber};
use crate::exchange::{self, Allowance};
use crate::grant::HttpGrant;
use crate::metrics;
use crate::policy::{self, Allowed};

/// Most requests of one `send_all`.
const MOST_REQUESTS: usize = 1000;
/// Most bytes all answers of one `send_all` take together: what fits into a guest's default memory beside the guest.
const MOST_ANSWER_BYTES: u64 = 32 << 20;

/// Sends the guests' requests. Clones are the same broker.
///
/// A name is resolved each time a connection is made, every address is checked, and only checked addresses are dialled.
/// Addresses that are not public (private, loopback, link local, metadata services, carriers' shared space, and IPv6
/// forms that hold such an IPv4 address) need `private = true`.
#[derive(Clone)]
pub struct Broker {
    inner: Arc<Inner>,
    lender: Option<Lender>,
}

/// Whose connections are used, and where their secrets are made known.
#[derive(Clone)]
struct Lender {
    connections: Arc<dyn Connections>,
    mask: Mask,
}

struct Inner {
    clients: Clients,
    places: Semaphore,
    total_in_flight: usize,
    clock: Arc<dyn Clock>,
}

impl Broker {
    /// Makes a broker. Reads the system's CA certificates; opens nothing.
    ///
    /// # Errors
    /// A value of the configuration that cannot be.
    pub fn new(config: BrokerConfig) -> Result<Self, BrokerError> {
        let total_in_flight = config.total_in_flight;
        if !(1..=65_536).contains(&total_in_flight) {
            return Err(BrokerError::TotalInFlight(total_in_flight));
        }
        let clock = config.clock.clone();
        let clients = Clients::new(config)?;
        let inner = Inner { clients, places: Semaphore::new(total_in_flight), total_in_flight, clock };
        Ok(Self { inner: Arc::new(inner), lender: None })
    }

    /// The same broker for one trigger, with the connections it may use: a request that names a granted one gets its
    /// credential. `mask` learns every secret before it is used.
    #[must_use]
    pub fn lending(&self, connections: Arc<dyn Connections>, mask: Mask) -> Self {
        Self { inner: self.inner.clone(), lender: Some(Lender { connections, mask }) }
    }

    /// Sends one request and reads the whole answer, whatever its status. Redirects are not followed.
    ///
    /// # Errors
    /// See [`Error`]; the text may be shown to the guest.
    ///
    /// # Limits
    /// The grant's `max_request`, `max_response`, `max_in_flight` and `timeout` (or the request's own, if shorter).
    ///
    /// # Cancel safety
    /// Dropping the future gives its places back and closes the connection; the server may have acted on the request.
    pub async fn send(&self, grants: &[HttpGrant], request: Request) -> Result<Response, Error> {
        self.measured(grants, request, &Allowance::new(u64::MAX)).await
    }

    /// Sends many requests, as many at once as the grants and the broker have places for; results in the order of the
    /// requests.
    ///
    /// # Limits
    /// 1,000 requests, and 32 MiB for all bodies together; what is beyond ends as [`Error::Budget`].
    pub async fn send_all(&self, grants: &[HttpGrant], requests: Vec<Request>) -> Vec<Result<Response, Error>> {
        let at_once =
            grants.iter().map(|grant| grant.max_in_flight).sum::<usize>().clamp(1, self.inner.total_in_flight);
        let allowance = Allowance::new(MOST_ANSWER_BYTES);
        let one = |(at, request)| {
            let allowance = &allowance;
            async move {
                if at >= MOST_REQUESTS {
                    return (at, Err(Error::Budget(format!("one send-all may hold at most {MOST_REQUESTS} requests"))));
                }
                (at, self.measured(grants, request, allowance).await)
            }
        };
        let mut results: Vec<_> = stream::iter(requests).enumerate().map(one).buffer_unordered(at_once).collect().await;
        results.sort_unstable_by_key(|(at, _)| *at);
        results.into_iter().map(|(_, result)| result).collect()
    }

    async fn measured(&self, grants: &[HttpGrant], request: Request, allowance: &Allowance) -> Result<Response, Error> {
        let began = Instant::now();
        let result = self.exchange(grants, request, allowance, began).await;
        metrics::record(&result, began.elapsed());
        tracing::debug!(outcome = metrics::outcome(&result), "An HTTP exchange of a guest ended.");
        result
    }

    async fn exchange(
        &self,
        grants: &[HttpGrant],
        request: Request,
        allowance: &Allowance,
        began: Instant,
    ) -> Result<Response, Error> {
        let allowed = policy::decide(grants, &request)?;
        let limit = request.timeout.unwrap_or(allowed.grant.timeout).min(allowed.grant.timeout);
        let client =
            self.inner.clients.get(&allowed).map_err(|error| exchange::explain_client(&error, &allowed.origin))?;
        let deadline = began + limit;
        let mut secrets = Vec::new();
        let credential = timeout_at(deadline, self.credential(&allowed, &mut secrets)).await;
        let credential = credential.map_err(|_| Error::Deadline(limit))??;
        let credential = credential.as_ref().map(|credential| (credential, self.inner.clock.now()));
        let prepared = exchange::prepare(&client, &allowed, request, credential)?;
        let _places =
            timeout_at(deadline, self.places(allowed.grant)).await.map_err(|_| no_place(allowed.grant, limit))??;
        let answer = timeout_at(deadline, exchange::run(prepared, &allowed, allowance)).await;
        let answer = answer.map_err(|_| Error::Deadline(limit))??;
        if allowed.connection.is_some() { exchange::scrub(answer, &Scrubber::new(&secrets)) } else { Ok(answer) }
    }

    /// The credential of the connection an allowed request names, and what is secret in it.
    async fn credential(
        &self,
        allowed: &Allowed<'_>,
        secrets: &mut Vec<SecretString>,
    ) -> Result<Option<Credential>, Error> {
        let Some(id) = allowed.connection else { return Ok(None) };
        let Some(Lender { connections, mask }) = &self.lender else {
            return Err(Error::Other(format!("the connection `{id}` is granted, but this host lends no connections")));
        };
        let connection = connections.connection(id).await.map_err(|error| Error::Other(error.to_string()))?;
        let credential = Credential::read(&connection, id, &allowed.origin, secrets)?;
        secrets.retain(|secret| !secret.expose_secret().is_empty());
        secrets.iter().for_each(|secret| mask.register(secret.expose_secret()));
        Ok(Some(credential))
    }

    async fn places<'a>(&'a self, grant: &'a HttpGrant) -> Result<(SemaphorePermit<'a>, SemaphorePermit<'a>), Error> {
        // Neither semaphore is ever closed.
        let closed = |_| Error::Other("the host is stopping".to_owned());
        let of_grant = grant.places.acquire().await.map_err(closed)?;
        let of_all = self.inner.places.acquire().await.map_err(closed)?;
        Ok((of_grant, of_all))
    }
}

impl std::fmt::Debug for Broker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Broker").field("total_in_flight", &self.inner.total_in_flight).finish_non_exhaustive()
    }
}

fn no_place(grant: &HttpGrant, limit: Duration) -> Error {
    let (most, millis) = (grant.max_in_flight, limit.as_millis());
    Error::Budget(format!(
        "no place for this exchange became free within {millis} ms (the grant has {most}: `max-in-flight`)"
    ))
}
