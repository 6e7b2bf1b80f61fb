//! Keys with a fixed set of values.

use super::Setting;
use crate::document::{Value, Wanted};

macro_rules! choice {
    ($(#[$doc:meta])* $name:ident: $expected:literal { $($(#[$about:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name {
            $($(#[$about])* $variant,)*
        }

        impl Wanted for $name {
            const EXPECTED: &'static str = $expected;

            fn from_value(value: &Value) -> Option<Self> {
                let Value::Text(text) = value else { return None };
                Self::from_text(text)
            }
        }

        impl Setting for $name {
            fn from_text(text: &str) -> Option<Self> {
                match text {
                    $($text => Some(Self::$variant),)*
                    _ => None,
                }
            }

            fn show(&self) -> String {
                match self {
                    $(Self::$variant => concat!("\"", $text, "\"").to_owned(),)*
                }
            }
        }
    };
}

choice! {
    /// The form of the host's own log lines on standard error.
    Format: "\"human\" or \"json\"" {
        /// One line for a person.
        Human = "human",
        /// One JSON object per line.
        Json = "json",
    }
}

choice! {
    /// Where components are compiled.
    Compile: "\"child\" or \"in-process\"" {
        /// In a child process with limits of its own: compiling untrusted code is untrusted work.
        Child = "child",
        /// In this process.
        InProcess = "in-process",
    }
}

choice! {
    /// What becomes of a trigger that no component is mapped to.
    Unmapped: "\"fail\" or \"hold\"" {
        /// It fails.
        Fail = "fail",
        /// It is kept and never run.
        Hold = "hold",
    }
}

choice! {
    /// Which server answers.
    Dialect: "\"plugin\" or \"built-in\"" {
        /// The plugin or the embedded API.
        Plugin = "plugin",
        /// An Airflow that has the endpoints built in.
        BuiltIn = "built-in",
    }
}
