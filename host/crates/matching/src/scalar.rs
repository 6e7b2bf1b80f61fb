//! A JSON value that can be compared: null, a boolean, a number or a text.
//!
//! Owns equality. Invariant: two numbers are equal exactly when their values are, whichever way they are written.

use serde_json::Value;

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Scalar {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number without a fraction, as far as it is exact.
    Integer(i128),
    /// Any other number, as its bits.
    Float(u64),
    /// A text.
    Text(Box<str>),
}

/// Beyond this every double is an integer; up to here it fits an `i128`.
const EXACT: f64 = 1e38;

impl Scalar {
    /// The value, unless it is an array or an object.
    pub fn from_value(value: &Value) -> Option<Self> {
        Some(match value {
            Value::Null => Self::Null,
            Value::Bool(value) => Self::Bool(*value),
            Value::String(text) => Self::Text(text.as_str().into()),
            Value::Number(number) => match (number.as_i64(), number.as_u64(), number.as_f64()) {
                (Some(integer), _, _) => Self::Integer(integer.into()),
                (_, Some(integer), _) => Self::Integer(integer.into()),
                (_, _, Some(float)) if float.fract() == 0.0 && float.abs() < EXACT => Self::Integer(float as i128),
                (_, _, Some(float)) => Self::Float(float.to_bits()),
                _ => return None,
            },
            Value::Array(_) | Value::Object(_) => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_are_compared_by_value() {
        for (left, right, equal) in [
            (json!(1), json!(1.0), true),
            (json!(0), json!(-0.0), true),
            (json!(u64::MAX), json!(u64::MAX), true),
            (json!(0.5), json!(0.5), true),
            (json!(1), json!(true), false),
            (json!(1), json!("1"), false),
            (json!(9_007_199_254_740_993_u64), json!(9_007_199_254_740_992.0), false),
        ] {
            assert_eq!(Scalar::from_value(&left) == Scalar::from_value(&right), equal, "{left} {right}");
        }
        assert_eq!(Scalar::from_value(&json!([1])), None);
    }
}
