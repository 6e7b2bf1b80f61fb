//! Times on the wire: RFC 3339 in UTC, microseconds where there are any, as pydantic writes them.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// The text of a time in milliseconds.
pub(crate) fn text(at: i64) -> String {
    let at = Timestamp::from_millisecond(at).unwrap_or(if at < 0 { Timestamp::MIN } else { Timestamp::MAX });
    let at = at.to_zoned(TimeZone::UTC);
    let form = if at.subsec_nanosecond() == 0 { "%Y-%m-%dT%H:%M:%SZ" } else { "%Y-%m-%dT%H:%M:%S%.6fZ" };
    at.strftime(form).to_string()
}

/// The milliseconds of a text with an offset.
pub(crate) fn parse(text: &str) -> Option<i64> {
    text.parse::<Timestamp>().ok().map(Timestamp::as_millisecond)
}

#[cfg(test)]
mod tests {
    #[test]
    fn writes_what_airflow_writes() {
        assert_eq!(super::text(1_772_600_767_000), "2026-03-04T05:06:07Z");
        assert_eq!(super::text(1_772_600_767_045), "2026-03-04T05:06:07.045000Z");
        assert_eq!(super::parse("2026-03-04T05:06:07+00:00"), Some(1_772_600_767_000));
        assert_eq!(super::parse("2026-03-04T05:06:07"), None);
    }
}
