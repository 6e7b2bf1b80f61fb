//! Keeping web pages out of a server without tokens on the developer's own machine.
//!
//! A page may post to a loopback address (then there is an `Origin`), or reach it through a name of its own that it
//! points there (then the `Host` is not a loopback one). Programs do neither.

use std::net::IpAddr;

use axum::http::{HeaderMap, header};

/// Whether a web page in a browser on this machine may have sent this.
pub(crate) fn may_be_one(headers: &HeaderMap) -> bool {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.rsplit_once(':').map_or(host, |(name, _)| name),
    };
    let loopback = name == "localhost" || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    !loopback || headers.contains_key(header::ORIGIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_names_pass() {
        let passes = |host: &str| !may_be_one(&HeaderMap::from_iter([(header::HOST, host.parse().unwrap())]));
        for host in ["localhost:8080", "127.0.0.1", "127.0.0.1:1", "[::1]:8080"] {
            assert!(passes(host), "{host}");
        }
        for host in ["evil.example", "localhost.evil.example:8080", "10.0.0.1:80", ""] {
            assert!(!passes(host), "{host}");
        }
        let mut headers = HeaderMap::from_iter([(header::HOST, "localhost".parse().unwrap())]);
        headers.insert(header::ORIGIN, "http://evil.example".parse().unwrap());
        assert!(may_be_one(&headers));
    }
}
