//! The commands, one per file. Each returns the exit code or the reason it failed.

pub(crate) mod catalog;
pub(crate) mod config;
