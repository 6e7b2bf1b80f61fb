//! The part of a file that a request asks for. Pure.

/// Which part of a file is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    /// The whole file.
    Whole,
    /// `count` bytes from this one: at least one, and all within the file.
    Part { from: u64, count: u64 },
    /// Nothing: the file has no such part.
    Nothing,
}

/// Reads a `Range` header. Several ranges at once, or a header that is not a range of bytes, are answered with the
/// whole file, as HTTP allows.
pub(super) fn wanted(header: Option<&str>, length: u64) -> Wanted {
    let range = header.and_then(|header| header.trim().strip_prefix("bytes=")).filter(|range| !range.contains(','));
    let Some((first, last)) = range.and_then(|range| range.trim().split_once('-')) else { return Wanted::Whole };
    let (from, to) = match (number(first), number(last)) {
        (Some(from), Some(to)) if from <= to => (from, to),
        (Some(from), None) if last.is_empty() => (from, u64::MAX),
        (None, Some(count)) if first.is_empty() => {
            (if count == 0 { length } else { length.saturating_sub(count) }, u64::MAX)
        }
        _ => return Wanted::Whole,
    };
    if from >= length {
        return Wanted::Nothing;
    }
    Wanted::Part { from, count: to.min(length - 1) - from + 1 }
}

fn number(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_stay_within_the_file() {
        for (header, expected) in [
            ("bytes=0-9", Wanted::Part { from: 0, count: 10 }),
            ("bytes=70-", Wanted::Part { from: 70, count: 5 }),
            ("bytes=70-900", Wanted::Part { from: 70, count: 5 }),
            ("bytes=-5", Wanted::Part { from: 70, count: 5 }),
            ("bytes=-500", Wanted::Part { from: 0, count: 75 }),
            ("bytes=75-", Wanted::Nothing),
            ("bytes=-0", Wanted::Nothing),
            ("bytes=9-0", Wanted::Whole),
            ("bytes=0-1,3-4", Wanted::Whole),
            ("bytes=x-", Wanted::Whole),
            ("bytes=-", Wanted::Whole),
            ("lines=0-1", Wanted::Whole),
            ("bytes=99999999999999999999-", Wanted::Whole),
        ] {
            assert_eq!(wanted(Some(header), 75), expected, "{header}");
        }
        assert_eq!(wanted(None, 75), Wanted::Whole);
        assert_eq!(wanted(Some("bytes=0-"), 0), Wanted::Nothing);
    }
}
