//! Headers of a guest's request: what it may set, and how much.
//!
//! Reserved are headers that frame the message, choose the connection or the route, or that the host writes itself.
//! Every name and value is parsed as data, so nothing a guest writes becomes a header line of its own.

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use trigger_host_types::http::Error;

/// Most headers of one request.
const MOST_HEADERS: usize = 64;
/// Most bytes of all names and values together.
const MOST_BYTES: usize = 32 << 10;

const RESERVED: [&str; 13] = [
    "accept-encoding",
    "connection",
    "content-length",
    "expect",
    "forwarded",
    "host",
    "http2-settings",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
];

/// Whether only the host may write it.
pub(crate) fn is_reserved(name: &HeaderName) -> bool {
    RESERVED.contains(&name.as_str()) || name.as_str().starts_with("proxy-")
}

/// Checks the headers of a request.
///
/// # Errors
/// [`Error::Invalid`] for a reserved or malformed header, [`Error::Budget`] for too much of them.
pub(crate) fn check(headers: &[(String, String)]) -> Result<HeaderMap, Error> {
    if headers.len() > MOST_HEADERS {
        return Err(Error::Budget(format!(
            "a request may have at most {MOST_HEADERS} headers, this one has {}",
            headers.len()
        )));
    }
    let bytes: usize = headers.iter().map(|(name, value)| name.len() + value.len()).sum();
    if bytes > MOST_BYTES {
        return Err(Error::Budget(format!(
            "the headers of a request may have at most {MOST_BYTES} bytes, these have {bytes}"
        )));
    }
    let mut checked = HeaderMap::with_capacity(headers.len());
    for (name, value) in headers {
        let shown: String = name.chars().take(60).flat_map(char::escape_default).collect();
        let name = HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| Error::Invalid(format!("header `{shown}`: the name must be an HTTP token")))?;
        if is_reserved(&name) {
            return Err(Error::Invalid(format!("header `{name}` is reserved: the host writes it")));
        }
        let plain = value.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ' || byte == b'\t');
        let value = HeaderValue::from_str(value)
            .ok()
            .filter(|_| plain)
            .ok_or_else(|| Error::Invalid(format!("header `{name}`: the value must be visible ASCII")))?;
        checked.append(name, value);
    }
    Ok(checked)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(name: &str, value: &str) -> Result<HeaderMap, Error> {
        check(&[(name.to_owned(), value.to_owned())])
    }

    #[test]
    fn reserved_and_malformed_headers_are_refused() {
        for name in [
            "Host",
            "content-length",
            "Connection",
            "Transfer-Encoding",
            "Proxy-Authorization",
            "proxy-x",
            "TE",
            "Upgrade",
            "Accept-Encoding",
        ] {
            assert!(matches!(one(name, "1"), Err(Error::Invalid(_))), "{name}");
        }
        for (name, value) in [
            ("", "a"),
            ("a b", "c"),
            ("a:", "c"),
            ("a\r\nb", "c"),
            ("a", "b\r\nc: d"),
            ("a", "b\nc"),
            ("a", "\0"),
            ("a", "é"),
        ] {
            assert!(matches!(one(name, value), Err(Error::Invalid(_))), "{name:?} {value:?}");
        }
        assert!(one("X-Mine", "a b\tc").is_ok());
    }

    #[test]
    fn many_or_large_headers_are_refused() {
        let many = vec![("a".to_owned(), "b".to_owned()); MOST_HEADERS + 1];
        assert!(matches!(check(&many), Err(Error::Budget(_))));
        assert!(matches!(one("a", &"b".repeat(MOST_BYTES)), Err(Error::Budget(_))));
        assert_eq!(check(&many[1..]).unwrap().len(), MOST_HEADERS, "repeated headers are kept");
    }
}
