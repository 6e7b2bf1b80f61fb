//! Pages of texts, and whether they are complete. See the package's own page.
#![expect(clippy::unwrap_used, reason = "tests")]

mod airflow;
mod asks;
mod broker;
mod catalog;
mod complete;
mod config;
mod embedded_api;
mod encodings;
mod help;
mod sandbox;
mod settings;
mod streams;
mod supervisor;
