//! The log of one call: what a guest writes, bounded, inert, and never able to pass for the host's own words.

mod call_log;
mod field;
mod text;

pub(crate) use call_log::CallLog;
pub(crate) use text::{cut, inert, quoted};
