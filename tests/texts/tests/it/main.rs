//! Pages of texts, and whether they are complete. See the package's own page.
#![expect(clippy::unwrap_used, reason = "tests")]

mod broker;
mod complete;
mod embedded_api;
mod help;
