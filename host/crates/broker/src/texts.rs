//! The texts of errors that only this package can see, on the page `broker-addresses` of `tests/texts`.

use std::io;

use texts::{check, every};

use crate::address::AddressRefused;
use crate::client::ClientError;
use crate::dns::ResolveError;

#[test]
fn texts_of_addresses() {
    // Whoever came first has installed it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let addresses = every!(crate::address::AddressRefused {
        AddressRefused::NotPublic => AddressRefused::NotPublic,
        AddressRefused::OwnListener => AddressRefused::OwnListener,
    });
    let resolving = every!(crate::dns::ResolveError {
        ResolveError::Unknown(_) => ResolveError::Unknown(io::Error::other("no such host")),
        ResolveError::Empty => ResolveError::Empty,
        ResolveError::Deadline => ResolveError::Deadline,
    });
    let clients = every!(crate::client::ClientError {
        ClientError::Address(_) => ClientError::Address(AddressRefused::NotPublic),
        ClientError::Build(_) => ClientError::Build(reqwest::Client::new().get("http://[").build().unwrap_err()),
    });
    check("broker-addresses", &[addresses, resolving, clients]);
}
