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

const SECOND: u128 = 1_000_000_000;
const MINUTE: u128 = 60 * SECOND;
const HOUR: u128 = 60 * MINUTE;
const DAY: u128 = 24 * HOUR;
const WEEK: u128 = 7 * DAY;

impl FromStr for Duration {
    type Err = ParseDurationError;

    fn from_str(text: &str) -> Result<Self, ParseDurationError> {
        let nanos = match text.strip_prefix(['P', 'p']) {
            Some(rest) => iso(&rest.to_ascii_uppercase()),
            None => parse_units(&text.to_ascii_lowercase()),
        };
        let nanos = nanos.and_then(|nanos| u64::try_from(nanos).ok());
        nanos
            .map(|nanos| Self::from(std::time::Duration::from_nanos(nanos)))
            .ok_or_else(|| ParseDurationError(text.chars().take(64).collect()))
    }
}

/// Nanoseconds in what follows the `P`.
fn iso(text: &str) -> Option<u128> {
    let (date, time) = match text.split_once('T') {
        Some((date, time)) if !time.is_empty() => (date, time),
        Some(_) => return None,
        None => (text, ""),
    };
    if date.is_empty() && time.is_empty() {
        return None;
    }
    let date = sum(date, |unit| match unit {
        "W" => Some(WEEK),
        "D" => Some(DAY),
        _ => None,
    });
    let time = sum(time, |unit| match unit {
        "H" => Some(HOUR),
        "M" => Some(MINUTE),
        "S" => Some(SECOND),
        _ => None,
    });
    date?.checked_add(time?)
}

/// Nanoseconds in text of numbers and units.
fn parse_units(text: &str) -> Option<u128> {
    let nanos = sum(text, |unit| match unit {
        "ms" => Some(SECOND / 1_000),
        "s" | "sec" | "secs" | "second" | "seconds" => Some(SECOND),
        "m" | "min" | "mins" | "minute" | "minutes" => Some(MINUTE),
        "h" | "hour" | "hours" => Some(HOUR),
        "d" | "day" | "days" => Some(DAY),
        "w" | "week" | "weeks" => Some(WEEK),
        _ => None,
    });
    nanos.filter(|_| !text.trim().is_empty())
}

/// Adds up number-and-unit pairs.
fn sum(text: &str, nanos_of: impl Fn(&str) -> Option<u128>) -> Option<u128> {
    let mut rest = text.trim();
    let mut nanos = 0_u128;
    while !rest.is_empty() {
        let unit_at = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, after) = rest.split_at(unit_at);
        let after = after.trim_start();
        let end = after.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(after.len());
        nanos = nanos.checked_add(times(number, nanos_of(&after[..end])?)?)?;
        rest = after[end..].trim_start();
    }
    Some(nanos)
}

/// A decimal number of units, in integers: floating-point parsing is larger than the rest of this file.
fn times(number: &str, unit: u128) -> Option<u128> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    // Nine digits of a week are still exact in 128 bits; the others are below a nanosecond of any unit but a week.
    let fraction = &fraction[..fraction.len().min(9)];
    let part = unit.checked_mul(fraction.parse().ok()?)? / 10_u128.pow(u32::try_from(fraction.len()).ok()?);
    whole.parse::<u128>().ok()?.checked_mul(unit)?.checked_add(part)
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
            ("0.25s", 250),
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
