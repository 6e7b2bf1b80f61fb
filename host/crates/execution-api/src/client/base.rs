//! The base URL of an API, and paths below it. Ids are data: none of them can choose another route.

use url::Url;

use crate::config::ConfigError;
use crate::error::ApiError;

/// A checked base URL.
#[derive(Clone)]
pub(crate) struct Base(Url);

impl Base {
    /// `key` names the setting in an error.
    pub(crate) fn new(url: Url, key: &'static str) -> Result<Self, ConfigError> {
        let plain = matches!(url.scheme(), "http" | "https")
            && url.has_host()
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none();
        if plain { Ok(Self(url)) } else { Err(ConfigError::Url { key }) }
    }

    pub(crate) fn is_https(&self) -> bool {
        self.0.scheme() == "https"
    }

    /// The base with these segments behind it. A prefix of a proxy survives; every segment is percent-encoded.
    ///
    /// # Errors
    /// A segment that some server or proxy could read as something else: empty, `.`, `..`, with a slash or a control
    /// character.
    pub(crate) fn join(&self, segments: &[&str]) -> Result<Url, ApiError> {
        if let Some(odd) = segments.iter().find(|segment| !is_plain(segment)) {
            let odd: String = odd.chars().take(60).flat_map(char::escape_debug).collect();
            return Err(ApiError::Unsendable { what: format!("`{odd}` cannot be part of a path") });
        }
        let mut url = self.0.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        Ok(url)
    }
}

fn is_plain(segment: &str) -> bool {
    !matches!(segment, "" | "." | "..") && !segment.chars().any(|c| c == '/' || c == '\\' || c.is_control())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base(url: &str) -> Result<Base, ConfigError> {
        Base::new(Url::parse(url).unwrap(), "url")
    }

    #[test]
    fn a_prefix_survives_with_and_without_a_last_slash() {
        for (url, joined) in [
            ("http://h:8080", "http://h:8080/triggers/load"),
            ("http://h:8080/execution", "http://h:8080/execution/triggers/load"),
            ("https://h/proxy/team%20a/execution/", "https://h/proxy/team%20a/execution/triggers/load"),
        ] {
            assert_eq!(base(url).unwrap().join(&["triggers", "load"]).unwrap().as_str(), joined);
        }
    }

    #[test]
    fn ids_are_data() {
        let base = base("http://h/e/").unwrap();
        let url = base.join(&["xcoms", "a?b#c %2F", "é", "..."]).unwrap();
        assert_eq!(url.as_str(), "http://h/e/xcoms/a%3Fb%23c%20%252F/%C3%A9/...");
        for odd in ["", ".", "..", "a/b", "a\\b", "a\nb", "a\tb", "\0"] {
            assert!(base.join(&["xcoms", odd, "k"]).is_err(), "{odd:?}");
        }
    }

    #[test]
    fn a_base_is_plain() {
        for url in ["ftp://h/", "file:///x", "http://u:p@h/", "http://h/?q", "http://h/#f", "data:x"] {
            assert!(base(url).is_err(), "{url}");
        }
    }
}
