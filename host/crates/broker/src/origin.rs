//! An origin: scheme, host and port, as a grant names it and as a request shows it.
//!
//! Invariant: the host is in the form the `url` crate gives it (lower case, IDNA, numbers as IPv4 addresses), so that
//! two spellings of one host compare equal.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use url::{Host, Url};

/// Scheme, host and port.
///
/// ```
/// use broker::Origin;
/// let origin: Origin = "https://Jobs.Example.com:443".parse()?;
/// assert_eq!(origin.to_string(), "https://jobs.example.com");
/// assert!("https://jobs.example.com/v1".parse::<Origin>().is_err());
/// assert!("https://*.example.com".parse::<Origin>().is_err());
/// assert!("http://127.0.0.1:*".parse::<Origin>().is_ok());
/// assert!("http://10.0.0.1:*".parse::<Origin>().is_err());
/// # Ok::<(), broker::OriginError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Origin {
    scheme: Scheme,
    host: Host<String>,
    port: Port,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Scheme {
    Http,
    Https,
}

/// The port of an origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Port {
    /// This port alone.
    Exact(u16),
    /// `*`: every port, only in a grant for a loopback origin over http.
    Any,
}

/// Text that is not an origin a grant may name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OriginError {
    /// Not of the form of an origin.
    #[error(
        "`{0}` is not an origin: write `https://host` or `http://host:port`, without path, query or user information"
    )]
    Form(String),
    /// Neither http nor https.
    #[error("`{0}` is not an origin: only http and https can be granted")]
    Scheme(String),
    /// A `*` in the host.
    #[error("`{0}` names many hosts: a grant names one, write a grant for each")]
    Wildcard(String),
    /// Port `*` elsewhere than on loopback.
    #[error("`{0}`: port `*` is for http on a loopback address (127.0.0.1, [::1] or localhost) only")]
    AnyPort(String),
}

impl Origin {
    /// The origin of a URL; none for other schemes than http and https.
    pub fn from_url(url: &Url) -> Option<Self> {
        let scheme = match url.scheme() {
            "http" => Scheme::Http,
            "https" => Scheme::Https,
            _ => return None,
        };
        Some(Self { scheme, host: url.host()?.to_owned(), port: Port::Exact(url.port_or_known_default()?) })
    }

    /// Whether a request to `other` is a request to this origin.
    pub fn covers(&self, other: &Self) -> bool {
        self.scheme == other.scheme && self.host == other.host && (self.port == other.port || self.port == Port::Any)
    }

    /// The host.
    pub const fn host(&self) -> &Host<String> {
        &self.host
    }

    /// The port.
    pub const fn port(&self) -> Port {
        self.port
    }

    /// Whether requests are encrypted.
    pub fn is_https(&self) -> bool {
        self.scheme == Scheme::Https
    }

    /// The host as an address, when it is written as one.
    pub const fn address(&self) -> Option<IpAddr> {
        match self.host {
            Host::Ipv4(address) => Some(IpAddr::V4(address)),
            Host::Ipv6(address) => Some(IpAddr::V6(address)),
            Host::Domain(_) => None,
        }
    }

    /// Whether it names this machine's loopback interface: a loopback address, or `localhost`.
    pub fn is_loopback(&self) -> bool {
        match &self.host {
            Host::Domain(name) => name == "localhost",
            _ => self.address().is_some_and(|address| address.to_canonical().is_loopback()),
        }
    }
}

impl FromStr for Origin {
    type Err = OriginError;

    fn from_str(text: &str) -> Result<Self, OriginError> {
        let shown: String = text.chars().take(200).collect();
        let (text, any_port) = match text.strip_suffix(":*") {
            Some(rest) => (rest, true),
            None => (text, false),
        };
        let Some((scheme, authority)) = text.split_once("://") else { return Err(OriginError::Form(shown)) };
        if !matches!(scheme.to_ascii_lowercase().as_str(), "http" | "https") {
            return Err(OriginError::Scheme(shown));
        }
        if authority.contains('*') {
            return Err(OriginError::Wildcard(shown));
        }
        let odd = |c: char| matches!(c, '/' | '\\' | '?' | '#' | '@' | '%') || c.is_whitespace() || c.is_control();
        if authority.is_empty() || authority.contains(odd) || authority.ends_with(':') {
            return Err(OriginError::Form(shown));
        }
        let url = Url::parse(text).map_err(|_| OriginError::Form(shown.clone()))?;
        let mut origin = Self::from_url(&url).ok_or_else(|| OriginError::Form(shown.clone()))?;
        if any_port {
            let has_port = authority.rsplit(']').next().is_some_and(|rest| rest.contains(':'));
            if origin.is_https() || !origin.is_loopback() || has_port {
                return Err(OriginError::AnyPort(shown));
            }
            origin.port = Port::Any;
        }
        Ok(origin)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, default) = match self.scheme {
            Scheme::Http => ("http", 80),
            Scheme::Https => ("https", 443),
        };
        write!(f, "{scheme}://{}", self.host)?;
        match self.port {
            Port::Exact(port) if port == default => Ok(()),
            Port::Exact(port) => write!(f, ":{port}"),
            Port::Any => f.write_str(":*"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(url: &str) -> Origin {
        Origin::from_url(&url.parse().unwrap()).unwrap()
    }

    #[test]
    fn one_host_has_one_spelling() {
        for (text, same) in [
            ("http://127.0.0.1:80", "http://0x7f.1/"),
            ("http://127.0.0.1", "http://2130706433/a"),
            ("https://BÜCHER.example", "https://xn--bcher-kva.example/"),
            ("http://[::1]:8080", "http://[0:0:0:0:0:0:0:1]:8080/x"),
        ] {
            let origin: Origin = text.parse().unwrap();
            assert!(origin.covers(&read(same)), "{text} {same}");
        }
    }

    #[test]
    fn scheme_host_and_port_must_all_be_equal() {
        let origin: Origin = "https://jobs.example.com".parse().unwrap();
        for url in [
            "http://jobs.example.com/",
            "https://jobs.example.com:8443/",
            "https://jobs.example.com.evil.example/",
            "https://jobs.example.com./",
            "https://sub.jobs.example.com/",
            "https://evil.example/jobs.example.com",
        ] {
            assert!(!origin.covers(&read(url)), "{url}");
        }
    }

    #[test]
    fn any_port_is_for_loopback_only() {
        let origin: Origin = "http://localhost:*".parse().unwrap();
        assert!(origin.covers(&read("http://localhost:1234/")) && origin.covers(&read("http://localhost/")));
        assert!(!origin.covers(&read("http://127.0.0.1:1234/")));
        for text in
            ["https://127.0.0.1:*", "http://example.com:*", "http://localhost:80:*", "http://localhost.evil.example:*"]
        {
            assert!(text.parse::<Origin>().is_err(), "{text}");
        }
    }

    #[test]
    fn other_forms_are_refused() {
        for text in [
            "",
            "jobs.example.com",
            "https://",
            "ftp://a",
            "https://a/",
            "https://u@a",
            "https://a?b",
            "https://a#b",
            "https:/a",
            "https://*",
            "https://a:",
            "https://a:99999",
            "https://a b",
            "https://a%2eb",
            "file:///etc",
        ] {
            assert!(text.parse::<Origin>().is_err(), "{text}");
        }
    }
}
