//! Which raw events a subscriber wants to see, said in fields, so that the host need not ask it.
//!
//! Owns the meaning of a match: all of its conditions hold for the event read as JSON. An event that is not JSON has no
//! fields. Invariant: [`Match::holds`] is the definition; the [`Index`] only finds the same subscribers faster.
#![forbid(unsafe_code)]

mod fields;
mod index;
mod scalar;

use serde_json::Value;

pub use index::Index;
pub use scalar::Scalar;

/// One condition on one field.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    /// Where the field is: a JSON pointer (RFC 6901), empty for the whole event.
    pub pointer: String,
    /// What it has to be.
    pub test: Test,
}

/// What a field has to be.
#[derive(Debug, Clone, PartialEq)]
pub enum Test {
    /// Equal to one of these. Numbers are equal when their values are: 1 and 1.0.
    OneOf(Vec<Scalar>),
    /// A text that begins with this.
    Prefix(String),
    /// Present, `null` included.
    Exists,
}

/// Conditions that all have to hold. None at all: every event.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Match {
    conditions: Vec<Condition>,
}

/// Why a match cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MatchError {
    /// Neither empty nor beginning with a slash, or with a `~` that is neither `~0` nor `~1`.
    #[error("`{0}` is not a JSON pointer; write it like /detail/state")]
    Pointer(String),
    /// Arrays and objects cannot be compared.
    #[error("the field {0} is compared with an array or object; compare its parts")]
    Composite(String),
    /// More than [`Match::MOST`] conditions or values.
    #[error("a match may have at most {} conditions and as many values each", Match::MOST)]
    TooMany,
}

impl Condition {
    /// The field at `pointer` is equal to one of `values`.
    ///
    /// # Errors
    /// A value is an array or an object.
    pub fn one_of(pointer: &str, values: &[Value]) -> Result<Self, MatchError> {
        let scalars =
            values.iter().map(|value| Scalar::from_value(value).ok_or_else(|| MatchError::Composite(pointer.into())));
        Ok(Self { pointer: pointer.into(), test: Test::OneOf(scalars.collect::<Result<_, _>>()?) })
    }

    fn holds(&self, field: Option<&Value>) -> bool {
        let Some(field) = field else { return false };
        match &self.test {
            Test::Exists => true,
            Test::Prefix(prefix) => field.as_str().is_some_and(|text| text.starts_with(prefix.as_str())),
            Test::OneOf(values) => Scalar::from_value(field).is_some_and(|field| values.contains(&field)),
        }
    }
}

impl Match {
    /// Conditions, and values of one condition, that a match may have.
    pub const MOST: usize = 256;

    /// A match of these conditions.
    ///
    /// # Errors
    /// A pointer is not one, or there are too many conditions or values.
    pub fn new(conditions: Vec<Condition>) -> Result<Self, MatchError> {
        if conditions.len() > Self::MOST {
            return Err(MatchError::TooMany);
        }
        for condition in &conditions {
            let pointer = &condition.pointer;
            let escapes = pointer.split('~').skip(1).all(|rest| rest.starts_with(['0', '1']));
            if !escapes || !(pointer.is_empty() || pointer.starts_with('/')) {
                return Err(MatchError::Pointer(pointer.clone()));
            }
            if matches!(&condition.test, Test::OneOf(values) if values.len() > Self::MOST) {
                return Err(MatchError::TooMany);
            }
        }
        Ok(Self { conditions })
    }

    /// Whether the subscriber wants this event.
    pub fn holds(&self, event: &[u8]) -> bool {
        if self.conditions.is_empty() {
            return true;
        }
        let event: Result<Value, _> = serde_json::from_slice(event);
        event.is_ok_and(|event| self.holds_for(|pointer| event.pointer(pointer)))
    }

    /// Whether it takes every event.
    pub fn is_everything(&self) -> bool {
        self.conditions.is_empty()
    }

    fn holds_for<'a>(&self, field: impl Fn(&str) -> Option<&'a Value>) -> bool {
        self.conditions.iter().all(|condition| condition.holds(field(&condition.pointer)))
    }
}
