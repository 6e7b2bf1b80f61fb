//! What triggers ask of Airflow: a type for each ask, between the sandbox, which speaks WIT, and whoever speaks to
//! Airflow.
//!
//! Owns how large an ask and an answer may be, and nothing about who may ask: grants and scope are the answering
//! side's. A file for each interface. Values are text in the host's neutral form, as the guest sees them.

mod ask;
mod asset_state;
mod check;
mod connections;
mod dag_runs;
mod error;
mod task_instances;
mod variables;
mod xcoms;

pub use ask::{Answers, Ask, NothingGranted};
pub use asset_state::{Asset, AssetStateClear, AssetStateDelete, AssetStateGet, AssetStateSet};
pub use connections::{ConnectionDescribe, ConnectionDescription, ConnectionExtras, Extra};
pub use dag_runs::{DagRunCount, DagRunQuery, DagRunState};
pub use error::Error;
pub use task_instances::{PreviousTask, TaskCount, TaskPrevious, TaskQuery, TaskState, TaskStates};
pub use variables::{KeyPage, VariableDelete, VariableGet, VariableKeys, VariablePut};
pub use xcoms::{XcomDelete, XcomGet, XcomPlace, XcomSet};

/// The most bytes of a value, in either direction, as the guest sees it.
pub const MAX_VALUE: u64 = 1 << 20;
