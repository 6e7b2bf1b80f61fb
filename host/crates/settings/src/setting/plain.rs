//! Text, numbers, paths, addresses, lists, secrets, and what may be absent.

use std::net::SocketAddr;
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::{Path, PathBuf};

use secrecy::SecretString;
use url::Url;

use super::Setting;
use crate::document::{Value, Wanted};

/// Reads a file's text as the environment's.
macro_rules! as_text {
    ($type:ty, $expected:literal $(, airflow $airflow:literal)?) => {
        impl Wanted for $type {
            const EXPECTED: &'static str = $expected;
            $(const AIRFLOW_EXPECTED: &'static str = $airflow;)?

            fn from_value(value: &Value) -> Option<Self> {
                let Value::Text(text) = value else { return None };
                Self::from_text(text)
            }
        }
    };
}

as_text!(String, "a string");
as_text!(PathBuf, "a path");
as_text!(SocketAddr, "an address and port such as \"127.0.0.1:9180\"", airflow "a port");
as_text!(Url, "an http or https URL without user, query or fragment");

impl Setting for String {
    fn from_text(text: &str) -> Option<Self> {
        Some(text.to_owned())
    }

    fn show(&self) -> String {
        format!("{self:?}")
    }
}

impl Setting for PathBuf {
    fn from_text(text: &str) -> Option<Self> {
        (!text.is_empty()).then(|| Self::from(text))
    }

    fn based(self, folder: &Path) -> Self {
        folder.join(self)
    }

    fn show(&self) -> String {
        format!("{:?}", self.display().to_string())
    }
}

impl Setting for SocketAddr {
    fn from_text(text: &str) -> Option<Self> {
        text.parse().ok()
    }

    /// Airflow has a bare port and listens on every address: the api-server fetches logs from another machine.
    fn from_airflow(text: &str) -> Option<Self> {
        Some(Self::from(([0, 0, 0, 0], text.trim().parse().ok()?)))
    }

    fn show(&self) -> String {
        format!("\"{self}\"")
    }
}

impl Setting for Url {
    /// Ends in a slash, so that relative paths stay below it.
    fn from_text(text: &str) -> Option<Self> {
        let slashed = if text.ends_with('/') { text.to_owned() } else { format!("{text}/") };
        let url = Self::parse(&slashed).ok()?;
        let plain = url.username().is_empty() && url.password().is_none();
        let whole = plain && url.query().is_none() && url.fragment().is_none() && url.has_host();
        (whole && matches!(url.scheme(), "http" | "https")).then_some(url)
    }

    fn show(&self) -> String {
        format!("\"{self}\"")
    }
}

impl Wanted for NonZeroU32 {
    const EXPECTED: &'static str = "a whole number from 1 to 4294967295";

    fn from_value(value: &Value) -> Option<Self> {
        let Value::Integer(number) = value else { return None };
        Self::new((*number).try_into().ok()?)
    }
}

impl Wanted for NonZeroUsize {
    const EXPECTED: &'static str = "a whole number of at least 1";

    fn from_value(value: &Value) -> Option<Self> {
        let Value::Integer(number) = value else { return None };
        Self::new((*number).try_into().ok()?)
    }
}

impl Setting for NonZeroUsize {
    fn from_text(text: &str) -> Option<Self> {
        text.trim().parse().ok()
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

impl Wanted for bool {
    const EXPECTED: &'static str = "true or false";

    fn from_value(value: &Value) -> Option<Self> {
        let Value::Boolean(boolean) = value else { return None };
        Some(*boolean)
    }
}

impl Wanted for Vec<String> {
    const EXPECTED: &'static str = "a list of strings";

    fn from_value(value: &Value) -> Option<Self> {
        let Value::List(items) = value else { return None };
        items.iter().map(|item| String::from_value(&item.value)).collect()
    }
}

impl Setting for Vec<String> {
    /// Separated by commas.
    fn from_text(text: &str) -> Option<Self> {
        Some(text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect())
    }

    fn show(&self) -> String {
        format!("{self:?}")
    }
}

impl Wanted for SecretString {
    const EXPECTED: &'static str = "a string that is not empty";
    const SECRET: bool = true;

    fn from_value(value: &Value) -> Option<Self> {
        let Value::Text(text) = value else { return None };
        Self::from_text(text)
    }
}

impl Setting for SecretString {
    fn from_text(text: &str) -> Option<Self> {
        (!text.is_empty()).then(|| Self::from(text))
    }

    fn show(&self) -> String {
        "\"***\"".to_owned()
    }
}

impl<T: Wanted> Wanted for Option<T> {
    const EXPECTED: &'static str = T::EXPECTED;
    const AIRFLOW_EXPECTED: &'static str = T::AIRFLOW_EXPECTED;
    const SECRET: bool = T::SECRET;

    fn from_value(value: &Value) -> Option<Self> {
        T::from_value(value).map(Some)
    }
}

impl<T: Setting> Setting for Option<T> {
    fn from_text(text: &str) -> Option<Self> {
        T::from_text(text).map(Some)
    }

    fn from_airflow(text: &str) -> Option<Self> {
        T::from_airflow(text).map(Some)
    }

    fn based(self, folder: &Path) -> Self {
        self.map(|value| value.based(folder))
    }

    fn show(&self) -> String {
        self.as_ref().map(Setting::show).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_only_an_address() {
        assert_eq!(Url::from_text("http://h:1/a").map(|url| url.to_string()), Some("http://h:1/a/".to_owned()));
        for text in ["ftp://h/", "http://u:p@h/", "http://h/?q", "h:80", "http:///", ""] {
            assert!(Url::from_text(text).is_none(), "{text}");
        }
    }

    #[test]
    fn airflow_names_a_port_only() {
        assert_eq!(SocketAddr::from_airflow("8794"), "0.0.0.0:8794".parse().ok());
        assert_eq!(SocketAddr::from_airflow("70000"), None);
    }
}
