//! The built binary, from outside: what a person types and what they get, exit codes included.
//!
//! Components are the sample triggers, built by `guest-build`. Nothing leaves the machine; every port is the system's
//! choice.

mod api;
mod catalog;
mod command_line;
mod config;
mod dev;
mod inspect;
mod run;
