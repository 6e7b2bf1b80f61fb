//! Numbers between JSON text, Python's floats and Python's decimals.

/// Python refuses to read an integer of more digits than this.
pub(super) const MAX_DIGITS: usize = 4_300;

/// The largest timedelta, in seconds.
pub(super) const MAX_DURATION: f64 = 86_399_999_999_999.98;

/// A finite double as Python writes it: shortest digits, always with a point or an exponent.
pub(super) fn python_float(value: f64) -> String {
    let scientific = format!("{:e}", value.abs());
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let sign = if value.is_sign_negative() { "-" } else { "" };
    if !(-4..16).contains(&exponent) {
        let mark = if exponent < 0 { '-' } else { '+' };
        return format!("{sign}{digits}e{mark}{:02}", exponent.unsigned_abs());
    }
    let plain = format!("{:?}", value.abs());
    if plain.contains('e') { format!("{sign}{}", value.abs()) } else { format!("{sign}{plain}") }
}

/// A number's text as a finite double.
pub(super) fn finite(text: &str) -> Option<f64> {
    text.parse().ok().filter(|value: &f64| value.is_finite())
}

/// A decimal as Airflow stores it: an integer when it has no fraction digits, else the nearest double, which may lose
/// digits.
pub(super) enum StoredDecimal {
    Integer(String),
    Float(f64),
}

/// Reads `[+-]digits[.digits][e[+-]digits]`. `None` for anything else, and for what no finite number of bounded length
/// stands for.
pub(super) fn stored_decimal(text: &str) -> Option<StoredDecimal> {
    let (negative, unsigned) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().ok()?),
        None => (unsigned, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if (whole.is_empty() && fraction.is_empty()) || !all_digits(whole) || !all_digits(fraction) {
        return None;
    }
    let zeros = exponent.checked_sub(i64::try_from(fraction.len()).ok()?)?;
    if zeros < 0 {
        return finite(text).map(StoredDecimal::Float);
    }
    let digits = format!("{whole}{fraction}");
    let digits = digits.trim_start_matches('0');
    if digits.is_empty() {
        return Some(StoredDecimal::Integer("0".into()));
    }
    let zeros = usize::try_from(zeros).ok().filter(|zeros| zeros + digits.len() <= MAX_DIGITS)?;
    Some(StoredDecimal::Integer(format!("{}{digits}{}", if negative { "-" } else { "" }, "0".repeat(zeros))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_are_written_as_python_does() {
        for (value, text) in [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (1.5, "1.5"),
            (90.0, "90.0"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (1e16, "1e+16"),
            (9_999_999_999_999_998.0, "9999999999999998.0"),
            (1e22, "1e+22"),
            (5e-324, "5e-324"),
            (f64::MAX, "1.7976931348623157e+308"),
            (-1.5, "-1.5"),
            (1_767_323_045.678_901, "1767323045.678901"),
        ] {
            assert_eq!(python_float(value), text);
        }
    }

    #[test]
    fn decimals_are_stored_as_airflow_does() {
        let stored = |text| match stored_decimal(text)? {
            StoredDecimal::Integer(digits) => Some(digits),
            StoredDecimal::Float(value) => Some(python_float(value)),
        };
        for (text, expected) in [
            ("100", "100"),
            ("-0", "0"),
            ("+7", "7"),
            ("1.10", "1.1"),
            ("1.0", "1.0"),
            ("1E+3", "1000"),
            ("1.23e2", "123"),
            (".5", "0.5"),
            ("5.", "5"),
        ] {
            assert_eq!(stored(text).as_deref(), Some(expected), "{text}");
        }
        for text in ["", ".", "NaN", "Infinity", "1e", "e1", "1e5000", "1e99999999999999999999", "0x1", "1_000", "１"]
        {
            assert_eq!(stored(text), None, "{text}");
        }
        assert_eq!(stored("1e-400").as_deref(), Some("0.0"), "as float() does");
    }
}
