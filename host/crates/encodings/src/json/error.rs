//! What is wrong with a text that should be JSON: where, and what, as a value that others can put into words of their
//! own.

/// Text that is not JSON, or beyond the limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{fault} at byte {at}")]
pub struct JsonError {
    /// The byte that is wrong; for a string without an end, its first quote.
    pub at: usize,
    /// What is wrong there.
    pub fault: JsonFault,
}

/// The ways in which a text can fail to be JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JsonFault {
    /// The text is longer than the limits allow.
    #[error("the text is too long: it must end")]
    TooLong,
    /// Containers within containers, more than the limits allow.
    #[error("nested too deeply")]
    TooDeep,
    /// Bytes that are not text.
    #[error("not UTF-8")]
    NotUtf8,
    /// No value begins here.
    #[error("expected a value")]
    Value,
    /// `NaN`, `Infinity` or `-Infinity`, where the limits do not allow them.
    #[error("a bare word is not a number in JSON:")]
    BareWord,
    /// A member of an object does not begin with a string.
    #[error("expected a key in double quotes")]
    Key,
    /// A key without a colon behind it.
    #[error("expected `:`")]
    Colon,
    /// A value is over, and neither a comma nor the end of its container follows.
    #[error("expected {}", .0.what_follows())]
    Delimiter(Inside),
    /// A number goes on as none does: a zero in front, a point or an exponent without digits. It counts as over before
    /// that.
    #[error("a number cannot have a leading zero, and needs digits after its point and its exponent:")]
    Number(Inside),
    /// A control character in a string that is not escaped.
    #[error("control characters in strings must be escaped:")]
    Control,
    /// A string without a closing quote.
    #[error("a string has no closing quote: it starts")]
    Unterminated,
    /// A backslash with something behind it that cannot be escaped.
    #[error("unknown escape")]
    Escape,
    /// `\u` without four hex digits.
    #[error("expected four hex digits after `u`")]
    HexDigits,
}

/// What a value is directly in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inside {
    /// Nothing: it is the whole text.
    Nothing,
    /// A list.
    List,
    /// An object.
    Object,
}

impl Inside {
    const fn what_follows(self) -> &'static str {
        match self {
            Self::Nothing => "the end of the text",
            Self::List => "`,` or `]`",
            Self::Object => "`,` or `}`",
        }
    }
}
