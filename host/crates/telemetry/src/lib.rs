//! Every metric of the host, in one table.
//!
//! Owns names, kinds, units, labels and meanings ([`table`]); descriptions are registered ([`describe`]) and
//! `docs/metrics.md` is written ([`reference()`]) from the same rows. Invariants: a metric that is not in the table
//! cannot be emitted (clippy refuses the macros of the crate `metrics`), and the values of labels are constants, so
//! ids, addresses and messages never become labels.
#![forbid(unsafe_code)]

mod metric;
mod reference;
pub mod table;

pub use metric::{Counter, Gauge, Histogram, Kind, Label, Metric, Unit};
pub use reference::reference;

/// Registers the description of every metric with the recorder of this process. Called once, when the recorder is set.
pub fn describe() {
    table::rows().for_each(Metric::describe);
}
