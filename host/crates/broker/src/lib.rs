//! The guests' one way out: HTTP by grant.
//!
//! A guest has no socket. It hands the broker a request; the broker finds the grant that allows it ([`policy`] is the
//! specification), resolves the name, refuses addresses the grant does not reach, dials exactly the addresses it
//! checked, and caps sizes and times.
//!
//! Owns the pools of connections to the granted origins and the places for exchanges in flight. Knows no wasm and no
//! Airflow. Invariants: nothing leaves without a matching grant; a credential leaves for its grant's origin alone and
//! does not come back; no redirect is followed; no cookie, proxy or credential is kept; an error that reaches a guest
//! names no address, and nothing logs a URL.
#![forbid(unsafe_code)]

mod address;
mod broker;
mod client;
mod config;
mod credential;
mod dns;
mod exchange;
mod grant;
mod headers;
mod metrics;
mod origin;
mod path;
pub mod policy;

pub use broker::Broker;
pub use config::{BrokerConfig, BrokerError};
pub use credential::Mask;
pub use dns::{Lookup, SystemLookup};
pub use grant::{GrantError, GrantParts, HttpGrant};
pub use origin::{Origin, OriginError, Port};
pub use path::{PathPattern, PatternError};

#[cfg(test)]
mod texts;
