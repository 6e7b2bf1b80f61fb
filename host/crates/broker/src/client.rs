//! The pools of connections, one client per origin and rule.
//!
//! Connections are reused between triggers that are granted the same origin under the same rule. That shares no state a
//! guest could see: HTTP/1.1 keeps nothing between exchanges (a credential and a cookie are headers of one), guests
//! cannot write framing headers, and an exchange that ends early closes its connection. Some servers tie a login to the
//! socket all the same, so exchanges with a credential have connections of their own, one set for each connection id.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use reqwest::Client;
use reqwest::redirect::Policy;
use rustls::ClientConfig;
use rustls_platform_verifier::BuilderVerifierExt as _;
use trigger_host_types::ConnId;

use crate::address::{AddressRefused, AddressRule};
use crate::config::{BrokerConfig, BrokerError};
use crate::dns::CheckedResolver;
use crate::origin::{Origin, Port};
use crate::policy::Allowed;

/// Most clients at once; the one that was used longest ago makes room.
const MOST_CLIENTS: usize = 256;
const CONNECT_WITHIN: Duration = Duration::from_secs(10);
const IDLE_FOR: Duration = Duration::from_secs(30);
const IDLE_CONNECTIONS: usize = 8;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    origin: Origin,
    private: bool,
    own: bool,
    connection: Option<ConnId>,
}

/// All clients of a broker.
pub(crate) struct Clients {
    tls: ClientConfig,
    config: BrokerConfig,
    forbidden: Arc<[SocketAddr]>,
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    clients: HashMap<Key, (Client, u64)>,
    uses: u64,
}

/// Why an allowed request cannot have a client.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ClientError {
    #[error(transparent)]
    Address(#[from] AddressRefused),
    #[error("cannot set up a connection")]
    Build(#[from] reqwest::Error),
}

impl Clients {
    pub(crate) fn new(config: BrokerConfig) -> Result<Self, BrokerError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .and_then(|builder| builder.with_platform_verifier())
            .map_err(BrokerError::Tls)?
            .with_no_client_auth();
        let forbidden = config.forbidden.clone().into();
        Ok(Self { tls, config, forbidden, open: Mutex::default() })
    }

    /// The client for an allowed request. An origin that is written as an address is checked here, a name when it is
    /// resolved.
    pub(crate) fn get(&self, allowed: &Allowed<'_>) -> Result<Client, ClientError> {
        let granted = &allowed.grant.origin;
        let names_address = granted.address().is_some() || granted.is_loopback();
        let own = names_address && matches!(granted.port(), Port::Exact(_));
        let connection = allowed.connection.cloned();
        let key = Key { origin: allowed.origin.clone(), private: allowed.grant.private, own, connection };
        let rule = AddressRule { private: key.private, own, forbidden: Arc::clone(&self.forbidden) };
        let port = allowed.url.port_or_known_default().unwrap_or_default();
        if let Some(address) = allowed.origin.address() {
            rule.check(address, port)?;
        }
        let mut open = self.open.lock();
        open.uses += 1;
        let now = open.uses;
        if let Some((client, used)) = open.clients.get_mut(&key) {
            *used = now;
            return Ok(client.clone());
        }
        let client = self.build(&key, rule, port)?;
        open.make_room();
        open.clients.insert(key, (client.clone(), now));
        Ok(client)
    }

    fn build(&self, key: &Key, rule: AddressRule, port: u16) -> Result<Client, reqwest::Error> {
        let resolver =
            CheckedResolver { lookup: Arc::clone(&self.config.lookup), rule, port, within: self.config.resolve_within };
        Client::builder()
            .tls_backend_preconfigured(self.tls.clone())
            .https_only(key.origin.is_https())
            .dns_resolver(Arc::new(resolver))
            .redirect(Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .no_proxy()
            .http1_only()
            .user_agent(concat!("trigger-host/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_WITHIN)
            .pool_idle_timeout(IDLE_FOR)
            .pool_max_idle_per_host(IDLE_CONNECTIONS)
            .build()
    }
}

impl Open {
    fn make_room(&mut self) {
        while self.clients.len() >= MOST_CLIENTS {
            let Some(oldest) = self.clients.iter().min_by_key(|(_, (_, used))| *used).map(|(key, _)| key.clone())
            else {
                return;
            };
            self.clients.remove(&oldest);
        }
    }
}
