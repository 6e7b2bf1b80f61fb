//! What an operator writes: the configuration from a file, the environment and flags, and TOML files in general.
//!
//! Owns the table of keys, the place of every value and the wording of every problem with one. Invariants: nothing
//! stops at the first mistake; a problem never quotes the value of a secret key. Knows none of the packages that the
//! values are for: the program turns a setting into what a package takes. Reads files and variables, and does nothing
//! else.
#![forbid(unsafe_code)]

mod checks;
mod environment;
mod keys;
mod layers;
mod problems;
mod read;
mod reference;

pub mod document;
pub mod setting;

pub use checks::{locate, read_secret};
pub use environment::{Environment, Variables};
pub use keys::{
    Admin, Api, Drain, Egress, Host, KEYS, Key, LOG_FILENAME_TEMPLATE, Logs, SECTIONS, SandboxKeys, Settings, Tracing,
};
pub use layers::{Flag, Origin, Shown};
pub use problems::{Problem, Problems, nearest};
pub use read::{Read, read, read_environment};
pub use reference::reference;

#[cfg(test)]
mod tests;

#[cfg(test)]
mod texts;
