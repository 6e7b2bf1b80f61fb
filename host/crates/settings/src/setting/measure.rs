//! Durations ("30s") and sizes ("64MiB"): the unit is in the value, never in the key.

use std::time::Duration;

use bytesize::ByteSize;

use super::Setting;
use crate::document::{Value, Wanted};

impl Wanted for Duration {
    const EXPECTED: &'static str = "a duration such as \"30s\" or \"1h 30m\"";
    const AIRFLOW_EXPECTED: &'static str = "a number of seconds";

    fn from_value(value: &Value) -> Option<Self> {
        let Value::Text(text) = value else { return None };
        Self::from_text(text)
    }
}

impl Setting for Duration {
    fn from_text(text: &str) -> Option<Self> {
        humantime::parse_duration(text.trim()).ok()
    }

    fn from_airflow(text: &str) -> Option<Self> {
        Self::try_from_secs_f64(text.trim().parse().ok()?).ok()
    }

    fn show(&self) -> String {
        format!("\"{}\"", measure(*self))
    }
}

/// A duration as an operator writes it.
fn measure(duration: Duration) -> String {
    humantime::format_duration(duration).to_string()
}

/// A number of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Size(pub u64);

impl Size {
    /// `count` MiB.
    pub const fn mib(count: u64) -> Self {
        Self(count << 20)
    }
}

impl Wanted for Size {
    const EXPECTED: &'static str = "a size such as \"64MiB\"";

    fn from_value(value: &Value) -> Option<Self> {
        let Value::Text(text) = value else { return None };
        Self::from_text(text)
    }
}

impl Setting for Size {
    /// A unit is needed: a bare number does not say what it counts.
    fn from_text(text: &str) -> Option<Self> {
        let unit = text.trim().chars().last()?;
        unit.is_alphabetic().then(|| text.trim().parse::<ByteSize>().ok()).flatten().map(|size| Self(size.as_u64()))
    }

    fn show(&self) -> String {
        let (count, unit) = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")]
            .into_iter()
            .find(|(bytes, _)| self.0 != 0 && self.0.is_multiple_of(*bytes))
            .map_or((self.0, "B"), |(bytes, unit)| (self.0 / bytes, unit));
        format!("\"{count}{unit}\"")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_is_needed() {
        assert_eq!(Size::from_text("64MiB"), Some(Size::mib(64)));
        assert_eq!(Size::from_text("1 KiB"), Some(Size(1024)));
        for text in ["64", "", "MiB", "-1MiB", "64 apples"] {
            assert_eq!(Size::from_text(text), None, "{text}");
        }
        assert_eq!(Duration::from_text("1500ms"), Some(Duration::from_millis(1500)));
        for text in ["30", "", "s", "-3s"] {
            assert_eq!(Duration::from_text(text), None, "{text}");
        }
    }

    #[test]
    fn airflow_counts_seconds() {
        assert_eq!(Duration::from_airflow("5.0"), Some(Duration::from_secs(5)));
        assert_eq!(Duration::from_airflow("30"), Some(Duration::from_secs(30)));
        for text in ["-1", "nan", "inf", "30s"] {
            assert_eq!(Duration::from_airflow(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_shown_reads_back() {
        for size in [0, 1, 1024, 1536, 64 << 20, 3 << 30] {
            let shown = Size(size).show();
            assert_eq!(Size::from_text(shown.trim_matches('"')), Some(Size(size)), "{shown}");
        }
        for wait in [Duration::ZERO, Duration::from_millis(250), Duration::from_secs(5400)] {
            assert_eq!(Duration::from_text(wait.show().trim_matches('"')), Some(wait));
        }
    }
}
