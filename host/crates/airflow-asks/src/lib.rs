//! Answers what triggers ask of Airflow: variables, XComs, asset state, states, what connections point to; and lends
//! connections to their requests.
//!
//! The order is fixed: the grant, then the scope (Dag, run, task and assets are those of the host's own record of the
//! trigger), then a place among the few requests that run at once, then the request in the trigger's own name. So
//! guests cannot flood the API: what waits, waits here, and heartbeats and deliveries have ways of their own. How an
//! ask is granted and answered is in the file of its interface.
//!
//! Knows no WebAssembly and no schedule: the sandbox is asked through `trigger_host_types::airflow`, the broker through
//! `trigger_host_types::Connections`.
#![forbid(unsafe_code)]

mod asker;
mod asset_state;
mod connections;
mod dag_runs;
mod describe;
mod desk;
mod extras;
mod failure;
mod grants;
mod kept;
mod lender;
mod pattern;
mod places;
mod question;
mod scope;
mod states;
mod task_instances;
mod variables;
mod xcoms;

pub use asker::Asker;
pub use desk::Desk;
pub use grants::{Access, AirflowGrants, StateGrant};
pub use pattern::{Pattern, PatternError};
pub use scope::Scope;
