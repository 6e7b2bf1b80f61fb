//! Permissions of files, in octal as everybody writes them.

use super::Setting;
use crate::document::{Value, Wanted};

/// The lower nine bits of a mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Permissions(pub u32);

impl Wanted for Permissions {
    const EXPECTED: &'static str = "permissions in octal such as \"0o664\"";

    fn from_value(value: &Value) -> Option<Self> {
        let Value::Text(text) = value else { return None };
        Self::from_text(text)
    }
}

impl Setting for Permissions {
    /// With or without `0o`, as Airflow takes them.
    fn from_text(text: &str) -> Option<Self> {
        let digits = text.trim();
        let digits = digits.strip_prefix("0o").unwrap_or(digits);
        u32::from_str_radix(digits, 8).ok().filter(|bits| *bits <= 0o777 && !digits.starts_with('+')).map(Self)
    }

    fn show(&self) -> String {
        format!("\"0o{:o}\"", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn octal_in_every_form_that_airflow_takes() {
        for text in ["0o664", "664", "0664", " 0o664 "] {
            assert_eq!(Permissions::from_text(text), Some(Permissions(0o664)), "{text}");
        }
        for text in ["", "0o", "888", "0o10000", "-1", "+7", "rw-r--r--"] {
            assert_eq!(Permissions::from_text(text), None, "{text}");
        }
        assert_eq!(Permissions(0o664).show(), "\"0o664\"");
    }
}
