//! The client: one method per endpoint, one attempt per call, each with a deadline and a cap on the answer.

mod answer;
mod asks;
mod base;
mod batch;
mod exchange;
mod triggers;

use std::sync::Arc;
use std::time::Duration;

use trigger_host_types::{Clock, SystemClock};

pub use self::asks::AirflowAccess;
use self::asks::TriggerTokens;
use self::base::Base;
use self::exchange::Exchange;
use crate::config::{ClientConfig, ConfigError};
use crate::token::Tokens;

/// Shorter than the 5 s after which the api-server closes an idle connection: a request never meets one that is just
/// being closed.
const IDLE: Duration = Duration::from_secs(4);

/// Speaks to one Execution API. Cheap to clone; clones share connections and tokens.
#[derive(Clone)]
pub struct Client {
    triggers: Exchange,
    heartbeats: Exchange,
    asks: Exchange,
    trigger_tokens: Arc<TriggerTokens>,
}

impl Client {
    /// A client that tells the time by the machine's clock.
    ///
    /// # Errors
    /// A configuration that cannot work.
    pub fn new(config: ClientConfig) -> Result<Self, ConfigError> {
        Self::with_clock(config, Arc::new(SystemClock))
    }

    /// A client that dates its tokens by `clock`.
    ///
    /// # Errors
    /// As [`Client::new`].
    pub fn with_clock(config: ClientConfig, clock: Arc<dyn Clock>) -> Result<Self, ConfigError> {
        for (key, timeout) in [("timeout", config.timeout), ("heartbeat-timeout", config.heartbeat_timeout)] {
            if timeout.is_zero() {
                return Err(ConfigError::Timeout { key });
            }
        }
        let base = Base::new(config.url.clone(), "url")?;
        let runtime_base = match &config.runtime_url {
            Some(url) => Base::new(url.clone(), "runtime-url")?,
            None => base.clone(),
        };
        let tls = base.is_https() || runtime_base.is_https();
        let tokens = Arc::new(Tokens::new(config.token.clone(), Arc::clone(&clock))?);
        let runtime_tokens = match config.runtime_token.clone() {
            Some(source) => Arc::new(Tokens::new(source, Arc::clone(&clock))?),
            None => Arc::clone(&tokens),
        };
        let version = config.dialect.trigger_version();
        let http = connections(&config, tls)?;
        let triggers = Exchange { http: http.clone(), base, tokens, version, timeout: config.timeout };
        let heartbeats =
            Exchange { http: connections(&config, tls)?, timeout: config.heartbeat_timeout, ..triggers.clone() };
        let asks = Exchange {
            http,
            base: runtime_base,
            tokens: runtime_tokens,
            version: config.dialect.runtime_version(),
            timeout: config.timeout,
        };
        Ok(Self { triggers, heartbeats, asks, trigger_tokens: Arc::new(TriggerTokens::new(clock)) })
    }
}

/// A pool of connections: no redirects, no proxy but the configured one, certificates of the system.
fn connections(config: &ClientConfig, tls: bool) -> Result<reqwest::Client, ConfigError> {
    // Fails only when the process has a provider already, which is then the one to use.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder = reqwest::Client::builder()
        .user_agent(concat!("trigger-host/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .no_proxy()
        .pool_idle_timeout(IDLE)
        .tcp_nodelay(true);
    let mut tls = tls;
    if let Some(proxy) = &config.proxy {
        let wrong = || ConfigError::Url { key: "proxy" };
        if !matches!(proxy.scheme(), "http" | "https") || !proxy.has_host() {
            return Err(wrong());
        }
        tls |= proxy.scheme() == "https";
        builder = builder.proxy(reqwest::Proxy::all(proxy.clone()).map_err(|_| wrong())?);
    }
    if !tls {
        // An image without any certificates is fine as long as nothing speaks TLS.
        builder = builder.tls_certs_only([]);
    }
    builder.build().map_err(ConfigError::Http)
}
