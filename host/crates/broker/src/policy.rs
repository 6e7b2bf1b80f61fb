//! Which request a list of grants allows. This header is the specification.
//!
//! **Empty means deny.** Without grants nothing is allowed; a grant without methods cannot be made. A grant without
//! `paths` allows every path of its origin.
//!
//! **Accepted URLs** are absolute, begin with `http://` or `https://`, have at most 8 KiB, and hold no user information, white space,
//! control character or backslash. A fragment is dropped. The path is brought to one spelling before it is matched, and
//! that spelling is what is sent: dot segments resolved, escapes of letters, digits and `-._~` undone, other escapes in
//! upper case. Refused are encoded slashes, backslashes and control characters, what is encoded twice, and dot segments
//! in disguise (`..;x`).
//!
//! **A grant allows a request when** all of these hold; the first such grant in the list decides limits:
//! 1. scheme, host and port are equal (`*` as port matches all; it can only be granted for http on loopback),
//! 2. the method is one of the grant's, compared as written,
//! 3. the path matches one of the patterns (see [`PathPattern`](crate::PathPattern)), or there are none,
//! 4. the request names no connection, or exactly the grant's.
//!
//! The address behind the name is checked later, when it is dialled: see [`Broker`](crate::Broker).
//!
//! ```
//! use broker::{GrantParts, HttpGrant, policy};
//! use trigger_host_types::http::{Error, Request};
//!
//! let grant = HttpGrant::new(GrantParts {
//!     origin: "https://jobs.example.com".into(),
//!     methods: vec!["GET".into()],
//!     paths: Some(vec!["/v1/runs/*".into()]),
//!     ..GrantParts::default()
//! })?;
//! let decide = |method: &str, url: &str| {
//!     let request = Request {
//!         method: method.into(), url: url.into(), headers: vec![], body: None, connection: None, timeout: None,
//!     };
//!     policy::decide(std::slice::from_ref(&grant), &request).map(|allowed| allowed.url.to_string())
//! };
//!
//! assert_eq!(decide("GET", "https://jobs.example.com/v1/runs/%6a1?full=1#top").unwrap(), "https://jobs.example.com/v1/runs/j1?full=1");
//! assert!(decide("GET", "https://JOBS.example.com:443/v1/x/../runs/j1").is_ok());
//!
//! for (method, url) in [
//!     ("POST", "https://jobs.example.com/v1/runs/j1"),
//!     ("get", "https://jobs.example.com/v1/runs/j1"),
//!     ("GET", "http://jobs.example.com/v1/runs/j1"),
//!     ("GET", "https://jobs.example.com:8443/v1/runs/j1"),
//!     ("GET", "https://jobs.example.com/v1/runs/j1/../../admin"),
//! ] {
//!     assert!(matches!(decide(method, url), Err(Error::NotGranted(_))), "{url}");
//! }
//! for url in [
//!     "ftp://jobs.example.com/v1/runs/j1",
//!     "https://user@jobs.example.com/v1/runs/j1",
//!     "https://jobs.example.com/v1/runs/..%2fadmin",
//!     "https:jobs.example.com/v1/runs/j1",
//!     "/v1/runs/j1",
//! ] {
//!     assert!(matches!(decide("GET", url), Err(Error::Invalid(_))), "{url}");
//! }
//! # Ok::<(), broker::GrantError>(())
//! ```

use trigger_host_types::ConnId;
use trigger_host_types::http::{Error, Request};
use url::Url;

use crate::grant::HttpGrant;
use crate::origin::Origin;
use crate::path::normalised;

/// Longest URL, in bytes.
const LONGEST_URL: usize = 8 << 10;

/// A request that a grant allows.
#[derive(Debug)]
pub struct Allowed<'a> {
    /// The grant.
    pub grant: &'a HttpGrant,
    /// What to send: the checked spelling of the URL.
    pub url: Url,
    /// Its origin.
    pub origin: Origin,
    /// The connection whose credential is to be added.
    pub connection: Option<&'a ConnId>,
}

/// Finds the grant that allows a request.
///
/// # Errors
/// [`Error::Invalid`] when the URL is not of an accepted form, [`Error::NotGranted`] with the grant that is missing.
pub fn decide<'a>(grants: &'a [HttpGrant], request: &Request) -> Result<Allowed<'a>, Error> {
    let url = accept(&request.url).map_err(|what| Error::Invalid(format!("url: {what}")))?;
    let origin = Origin::from_url(&url).ok_or_else(|| Error::Invalid("url: it names no host".to_owned()))?;
    let method: String = request.method.chars().take(40).collect();

    let at_origin: Vec<_> = grants.iter().filter(|grant| grant.origin.covers(&origin)).collect();
    if at_origin.is_empty() {
        return Err(Error::NotGranted(format!(
            "no http grant names this origin: grant {{ origin = \"{origin}\", methods = [\"{method}\"] }}"
        )));
    }
    let with_method: Vec<_> = at_origin.into_iter().filter(|grant| grant.methods.contains(&request.method)).collect();
    if with_method.is_empty() {
        return Err(Error::NotGranted(format!(
            "no http grant for \"{origin}\" lists the method \"{method}\" in `methods`"
        )));
    }
    let covers = |grant: &&HttpGrant| grant.paths.is_empty() || grant.paths.iter().any(|path| path.matches(url.path()));
    let with_path: Vec<_> = with_method.into_iter().filter(covers).collect();
    if with_path.is_empty() {
        return Err(Error::NotGranted(format!(
            "no http grant for \"{origin}\" with \"{method}\" has a pattern in `paths` that covers the path of this request"
        )));
    }
    let Some(connection) = &request.connection else {
        return Ok(Allowed { grant: with_path[0], url, origin, connection: None });
    };
    let granted = with_path.iter().find(|grant| grant.connection.as_ref() == Some(connection));
    let grant = *granted.ok_or_else(|| {
        Error::NotGranted(format!("no http grant for \"{origin}\" has the connection of this request as `connection`"))
    })?;
    Ok(Allowed { grant, url, origin, connection: grant.connection.as_ref() })
}

/// Brings the URL a guest gave to its one spelling, or says why it is refused.
fn accept(text: &str) -> Result<Url, &'static str> {
    if text.len() > LONGEST_URL {
        return Err("it is longer than 8192 bytes");
    }
    // The parser repairs all of these silently; a guest that sends them is wrong or up to something.
    if text.chars().any(|c| c.is_control() || c.is_whitespace() || c == '\\') {
        return Err("it may not hold white space, a control character or a backslash");
    }
    let (scheme, rest) = text.split_once("://").ok_or("it must be absolute, such as https://host/path")?;
    if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
        return Err("only http and https can be sent");
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.is_empty() {
        return Err("it names no host");
    }
    if authority.contains('@') {
        return Err("it may not hold user information");
    }
    let mut url = Url::parse(text).map_err(|_| "it cannot be parsed")?;
    let path = normalised(url.path())?;
    url.set_path(&path);
    if url.path() != path {
        return Err("its path has no single spelling");
    }
    url.set_fragment(None);
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grant::GrantParts;

    fn grant(origin: &str, methods: &[&str], paths: &[&str], connection: Option<&str>) -> HttpGrant {
        HttpGrant::new(GrantParts {
            origin: origin.into(),
            methods: methods.iter().map(|method| (*method).to_owned()).collect(),
            paths: (!paths.is_empty()).then(|| paths.iter().map(|path| (*path).to_owned()).collect()),
            connection: connection.map(str::to_owned),
            ..GrantParts::default()
        })
        .unwrap()
    }

    fn request(method: &str, url: &str, connection: Option<&str>) -> Request {
        let connection = connection.map(|id| id.to_owned().into());
        Request { method: method.into(), url: url.into(), headers: vec![], body: None, connection, timeout: None }
    }

    fn refusal(grants: &[HttpGrant], request: &Request) -> String {
        decide(grants, request).unwrap_err().to_string()
    }

    #[test]
    fn a_refusal_says_what_is_missing() {
        let grants = [grant("https://a.example", &["GET"], &["/v1/*"], Some("jobs"))];
        let text = refusal(&grants, &request("GET", "https://b.example/?token=secret", None));
        assert!(text.contains("origin = \"https://b.example\"") && !text.contains("secret"), "{text}");
        assert!(refusal(&grants, &request("PUT", "https://a.example/v1/x", None)).contains("`methods`"));
        assert!(refusal(&grants, &request("GET", "https://a.example/v2/x", None)).contains("`paths`"));
        assert!(refusal(&[], &request("GET", "https://a.example/", None)).starts_with("not granted"));
    }

    #[test]
    fn the_first_grant_that_fits_decides() {
        let grants = [
            grant("https://a.example", &["GET"], &["/v1/*"], None),
            grant("https://a.example", &["GET", "POST"], &[], None),
        ];
        assert!(std::ptr::eq(
            decide(&grants, &request("GET", "https://a.example/v1/x", None)).unwrap().grant,
            &grants[0]
        ));
        assert!(std::ptr::eq(
            decide(&grants, &request("GET", "https://a.example/v2/x", None)).unwrap().grant,
            &grants[1]
        ));
    }

    #[test]
    fn a_connection_must_be_the_grants_own() {
        let grants = [grant("https://a.example", &["GET"], &[], Some("jobs"))];
        let named = |id| {
            let request = request("GET", "https://a.example/", id);
            decide(&grants, &request).map(|allowed| allowed.connection.map(ToString::to_string))
        };
        assert_eq!(named(Some("jobs")), Ok(Some("jobs".to_owned())));
        assert!(matches!(named(Some("other")), Err(Error::NotGranted(_))));
        assert_eq!(named(None), Ok(None), "a credential is added only when it is asked for");
    }

    #[test]
    fn odd_urls_are_refused() {
        let grants = [grant("https://a.example", &["GET"], &[], None)];
        let long = format!("https://a.example/{}", "x".repeat(LONGEST_URL));
        for url in [
            "",
            "https://",
            "https:///x",
            "https://@a.example/",
            "https://a.example:x@b/",
            "https://a.example@b/",
            " https://a.example/",
            "https://a.example/\t",
            "https://a.example/a b",
            "https://a.example/\r\nX: y",
            "https://a.example\\@b/",
            "https://a.example/%",
            "https://a.example/%2e%2e;/x",
            "file:///etc/passwd",
            "gopher://a.example/",
            &long,
        ] {
            assert!(matches!(decide(&grants, &request("GET", url, None)), Err(Error::Invalid(_))), "{url}");
        }
    }
}
