//! What a guest asks of Airflow at run time and the answers, between the sandbox (which speaks WIT) and the supervisor (which speaks to Airflow).

mod answer;
mod error;
mod request;

pub use answer::{Answer, ConnectionDescription, PreviousTask, TaskState};
pub use error::Error;
pub use request::{Asset, DagRunQuery, Request, TaskQuery, XcomPlace};

/// The most bytes of a value, in either direction, as the guest sees it.
pub const MAX_VALUE: u64 = 1 << 20;
