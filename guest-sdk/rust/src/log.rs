//! Lines for the trigger's own log, with the macros that write them.

use serde::Serialize;

use crate::platform;

/// How much a line matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// For the author.
    Debug,
    /// Ordinary progress.
    Info,
    /// Something a person may want to know.
    Warning,
    /// Something a person has to act on.
    Error,
}

/// Writes one line with its fields: name and JSON text.
pub fn write(level: Level, message: &str, fields: &[(&str, String)]) {
    platform::log(level, message, fields);
}

/// The JSON text of a field; for the macros.
#[doc(hidden)]
pub fn value(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_else(|error| format!("\"not JSON: {error}\""))
}

/// Writes a line for the author: `debug!("Asked {n} times", status = answer.status)`.
#[macro_export]
macro_rules! debug {
    ($($line:tt)*) => { $crate::__log!(Debug, $($line)*) };
}

/// Writes a line about ordinary progress: `info!("Submitted job {id}", attempt = 2)`.
#[macro_export]
macro_rules! info {
    ($($line:tt)*) => { $crate::__log!(Info, $($line)*) };
}

/// Writes a line that a person may want to know: `warning!("No answer, trying again", wait = seconds)`.
#[macro_export]
macro_rules! warning {
    ($($line:tt)*) => { $crate::__log!(Warning, $($line)*) };
}

/// Writes a line that a person has to act on: `error!("Job {id} has failed")`.
#[macro_export]
macro_rules! error {
    ($($line:tt)*) => { $crate::__log!(Error, $($line)*) };
}

/// What the four share.
#[doc(hidden)]
#[macro_export]
macro_rules! __log {
    ($level:ident, $message:literal $(, $name:ident = $value:expr)* $(,)?) => {
        $crate::log::write(
            $crate::log::Level::$level,
            &::std::format!($message),
            &[$((::core::stringify!($name), $crate::log::value(&$value))),*],
        )
    };
    ($($line:tt)*) => {
        ::core::compile_error!("write a text with the variables in it, then fields: info!(\"job {id} is done\", attempt = 2)")
    };
}
