//! The text of a moment, and the calendar behind it.
//!
//! Written by hand because a calendar library is larger than everything else in a small trigger: jiff's timestamps make
//! a component of 170 KB one of 360 KB.

pub(super) const MICROS: i64 = 1_000_000;
pub(super) const SECONDS_OF_DAY: i64 = 86_400;

/// Takes what it recognises from the front.
pub(super) struct Scanner<'a>(pub(super) &'a [u8]);

impl Scanner<'_> {
    pub(super) fn local_micros(&mut self) -> Option<i64> {
        let year = self.number(4)?;
        let month = self.one_of(b"-").and_then(|_| self.number(2))?;
        let day = self.one_of(b"-").and_then(|_| self.number(2))?;
        let hour = self.one_of(b"Tt ").and_then(|_| self.number(2))?;
        let minute = self.one_of(b":").and_then(|_| self.number(2))?;
        let second = if self.one_of(b":").is_some() { self.number(2)? } else { 0 };
        let micros = if self.one_of(b".").is_some() { self.fraction()? } else { 0 };
        if year == 0 || hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        let days = days_from_civil(year, month, day);
        // A day that does not exist comes back as another one.
        if civil_from_days(days) != (year, month, day) {
            return None;
        }
        Some((days * SECONDS_OF_DAY + hour * 3_600 + minute * 60 + second) * MICROS + micros)
    }

    pub(super) fn offset_seconds(&mut self) -> Option<i64> {
        let sign = match self.one_of(b"Zz+-")? {
            b'+' => 1,
            b'-' => -1,
            _ => return Some(0),
        };
        let hours = self.number(2)?;
        let _ = self.one_of(b":");
        let minutes = self.number(2)?;
        (hours < 24 && minutes < 60).then_some(sign * (hours * 3_600 + minutes * 60))
    }

    fn one_of(&mut self, wanted: &[u8]) -> Option<u8> {
        let (first, rest) = self.0.split_first().filter(|(first, _)| wanted.contains(first))?;
        self.0 = rest;
        Some(*first)
    }

    fn number(&mut self, digits: usize) -> Option<i64> {
        (0..digits).try_fold(0, |number, _| Some(number * 10 + self.digit()?))
    }

    /// Microseconds; finer digits are dropped.
    fn fraction(&mut self) -> Option<i64> {
        let mut micros = self.digit()? * (MICROS / 10);
        let mut unit = MICROS / 100;
        while let Some(digit) = self.digit() {
            micros += digit * unit;
            unit /= 10;
        }
        Some(micros)
    }

    fn digit(&mut self) -> Option<i64> {
        self.one_of(b"0123456789").map(|digit| i64::from(digit - b'0'))
    }
}

/// Days since 1970-01-01 in the proleptic Gregorian calendar. Counts years from March, so that a leap day is the last
/// of its year.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let month_from_march = (month + 9).rem_euclid(12);
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    year * 365 + leap_days + day_of_year - 719_468
}

/// The inverse of [`days_from_civil`].
pub(super) fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_day_comes_back() {
        for days in (-719_162..2_932_897).step_by(17) {
            let (year, month, day) = super::civil_from_days(days);
            assert_eq!(super::days_from_civil(year, month, day), days);
        }
    }
}
