//! Durations as text: ISO 8601 (`P1DT2H`, `PT1H30M`) or number and unit (`90s`, `1h 30m`).
//!
//! Years and months are refused: they have no fixed length. So is a number without a unit.

use std::fmt;
use std::str::FromStr;

use crate::Duration;

/// Text that is not a duration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseDurationError(String);

impl fmt::Display for ParseDurationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is not a duration: expected text such as `PT1H30M`, `90s` or `1h 30m`", self.0)
    }
}

impl std::error::Error for ParseDurationError {}

impl FromStr for Duration {
    type Err = ParseDurationError;

    fn from_str(text: &str) -> Result<Self, ParseDurationError> {
        let seconds = match text.strip_prefix(['P', 'p']) {
            Some(rest) => iso(&rest.to_ascii_uppercase()),
            None => plain(&text.to_ascii_lowercase()),
        };
        seconds.and_then(Self::from_secs_f64).ok_or_else(|| ParseDurationError(text.chars().take(64).collect()))
    }
}

/// Seconds in what follows the `P`.
fn iso(text: &str) -> Option<f64> {
    let (date, time) = match text.split_once('T') {
        Some((date, time)) if !time.is_empty() => (date, time),
        Some(_) => return None,
        None => (text, ""),
    };
    if date.is_empty() && time.is_empty() {
        return None;
    }
    let date = sum(date, |unit| match unit {
        "W" => Some(604_800.0),
        "D" => Some(86_400.0),
        _ => None,
    });
    let time = sum(time, |unit| match unit {
        "H" => Some(3_600.0),
        "M" => Some(60.0),
        "S" => Some(1.0),
        _ => None,
    });
    Some(date? + time?)
}

/// Seconds in text of numbers and units.
fn plain(text: &str) -> Option<f64> {
    let seconds = sum(text, |unit| match unit {
        "ms" => Some(0.001),
        "s" | "sec" | "secs" | "second" | "seconds" => Some(1.0),
        "m" | "min" | "mins" | "minute" | "minutes" => Some(60.0),
        "h" | "hour" | "hours" => Some(3_600.0),
        "d" | "day" | "days" => Some(86_400.0),
        "w" | "week" | "weeks" => Some(604_800.0),
        _ => None,
    });
    seconds.filter(|_| !text.trim().is_empty())
}

/// Adds up number-and-unit pairs.
fn sum(text: &str, seconds_of: impl Fn(&str) -> Option<f64>) -> Option<f64> {
    let mut rest = text.trim();
    let mut seconds = 0.0;
    while !rest.is_empty() {
        let unit_at = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, after) = rest.split_at(unit_at);
        let after = after.trim_start();
        let end = after.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(after.len());
        seconds += number.parse::<f64>().ok()? * seconds_of(&after[..end])?;
        rest = after[end..].trim_start();
    }
    Some(seconds)
}

#[cfg(test)]
mod tests {
    use crate::Duration;

    #[test]
    fn reads_both_styles() {
        for (text, millis) in [
            ("PT1H30M", 5_400_000),
            ("pt0.5s", 500),
            ("P1DT1S", 86_401_000),
            ("P2W", 1_209_600_000),
            ("90s", 90_000),
            ("1h 30m", 5_400_000),
            ("250 ms", 250),
            ("1.5 hours", 5_400_000),
            ("2 days", 172_800_000),
            ("0s", 0),
        ] {
            assert_eq!(text.parse(), Ok(Duration::from_millis(millis)), "{text}");
        }
    }

    #[test]
    fn refuses_what_has_no_fixed_length() {
        for text in
            ["", "P", "PT", "P1M", "P1Y", "PT1", "90", "s", "1x", "1h30", "-5s", ". s", "1h,30m", "P1D1H", "soon"]
        {
            assert!(text.parse::<Duration>().is_err(), "{text}");
        }
    }
}
