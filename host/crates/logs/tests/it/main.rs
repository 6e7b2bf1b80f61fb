//! The logs of triggers through their own seams: lines in, files out, and the server on a real socket, against what was
//! recorded from Airflow.
#![expect(clippy::unwrap_used, reason = "tests")]

mod fixture;
mod lines;
mod server;
mod writing;
