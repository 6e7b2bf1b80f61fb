//! The logs of triggers as Airflow reads them: secrets taken out, a file for each task, and the server behind Airflow's
//! UI. Knows no WebAssembly and none of the Execution API.
//!
//! Owns the [`Masker`], the [`Folder`] and everything below it that this host writes: [`TriggerLogs`] takes lines from
//! any thread and never waits, [`LogServer`] hands files to whoever has a token for them.
#![forbid(unsafe_code)]

mod folder;
mod line;
mod mask;
mod path;
mod server;
mod template;
mod writer;

mod telemetry;

pub use folder::Folder;
pub use line::Note;
pub use mask::Masker;
pub use server::LogServer;
pub use template::{Template, TemplateError};
pub use writer::{Task, TriggerLogs, WriterConfig};

#[cfg(test)]
mod texts;
