//! What a client needs to know: where the API is, who the host is, how long to wait. Checked when the client is made.

use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;
use url::Url;
use uuid::Uuid;

/// Where the API is and how to speak to it. [`ClientConfig::new`] gives Airflow's defaults.
#[derive(Clone)]
pub struct ClientConfig {
    /// The trigger and job endpoints. A path is kept as a prefix, with or without a last slash.
    pub url: Url,
    /// Connections, variables, XComs and states; `url` when absent.
    pub runtime_url: Option<Url>,
    /// The token of the trigger and job endpoints.
    pub token: TokenSource,
    /// The token of `runtime_url`; `token` when absent. The two servers may want different audiences.
    pub runtime_token: Option<TokenSource>,
    /// Which server is on the other side.
    pub dialect: Dialect,
    /// The most one call may take, sending and reading the answer included. Airflow's default: 5 s.
    pub timeout: Duration,
    /// The same for heartbeats, which have connections of their own.
    pub heartbeat_timeout: Duration,
    /// An HTTP proxy for every call. The environment's proxy variables are never read.
    pub proxy: Option<Url>,
}

impl ClientConfig {
    /// No token, the plugin's dialect, 5 s per call and 3 s per heartbeat, no proxy.
    pub const fn new(url: Url) -> Self {
        Self {
            url,
            runtime_url: None,
            token: TokenSource::None,
            runtime_token: None,
            dialect: Dialect::Plugin,
            timeout: Duration::from_secs(5),
            heartbeat_timeout: Duration::from_secs(3),
            proxy: None,
        }
    }
}

/// Which server answers. Both speak the same eight endpoints; they differ in the API version they are asked with.
///
/// The endpoints are not merged upstream, and what is merged may register in another way
/// (docs/design/execution-api.md#drift). It then becomes a third dialect, whose place is this switch and
/// `Client::register`: nothing else knows what registering looks like, answers may already grow fields, and a heartbeat
/// may already be answered with a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Dialect {
    /// The plugin or the embedded API, beside an Airflow 3.3 that serves the runtime routes.
    #[default]
    Plugin,
    /// An Airflow that has the trigger endpoints built in.
    BuiltIn,
}

impl Dialect {
    /// The API version to ask the trigger and job endpoints with.
    pub(crate) const fn trigger_version(self) -> &'static str {
        "2026-07-14"
    }

    /// The API version to ask the runtime routes with: the newest that the server is known to have.
    pub(crate) const fn runtime_version(self) -> &'static str {
        match self {
            Self::Plugin => "2026-06-30",
            Self::BuiltIn => "2026-07-14",
        }
    }
}

/// Where bearer tokens come from. See docs/design/execution-api.md#tokens.
#[derive(Clone)]
pub enum TokenSource {
    /// No token is sent.
    None,
    /// Something else keeps this file fresh. It is read again when it changes and when the server refuses the token.
    File(PathBuf),
    /// The host signs its own tokens with HS512.
    Secret {
        /// `[api_auth] jwt_secret`, or a secret of the plugin's own.
        secret: SecretString,
        /// `aud`.
        audience: String,
        /// `sub`; the all-zero UUID is what Airflow's own triggerer uses.
        subject: Uuid,
        /// `iss`; left out when absent.
        issuer: Option<String>,
        /// From `iat` to `exp`, whole seconds, at least one.
        life: Duration,
    },
    /// The host signs its own tokens with a private key: RS256 for RSA, EdDSA for Ed25519.
    PrivateKey {
        /// `[api_auth] jwt_private_key_path`'s content: PEM, unencrypted.
        pem: SecretString,
        /// `[api_auth] jwt_kid`; the key's thumbprint when absent, as Airflow has it.
        key_id: Option<String>,
        /// `aud`.
        audience: String,
        /// `sub`.
        subject: Uuid,
        /// `iss`; left out when absent.
        issuer: Option<String>,
        /// From `iat` to `exp`, whole seconds, at least one.
        life: Duration,
    },
}

/// A configuration that no client can be made from.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A URL that cannot be a base of the API.
    #[error("`{key}` must be an http or https URL with a host and without user, query and fragment")]
    Url {
        /// `url`, `runtime-url` or `proxy`.
        key: &'static str,
    },
    /// A deadline of zero would fail every call.
    #[error("`{key}` must be longer than zero")]
    Timeout {
        /// Which one.
        key: &'static str,
    },
    /// Tokens cannot be made from what was given.
    #[error("token: {what}")]
    Token {
        /// What is wrong, without the secret.
        what: String,
    },
    /// No TLS or no resolver on this machine.
    #[error("cannot set up the HTTP client")]
    Http(#[source] reqwest::Error),
}
