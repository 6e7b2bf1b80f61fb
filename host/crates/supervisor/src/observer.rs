//! What happens to triggers, reported to whoever shows, counts or records it.

use trigger_host_types::step::{Step, Subject};
use trigger_host_types::{JobId, log};

/// Sees every step in every trigger's life, in the order of the steps of one trigger. Called from the supervisor's own
/// task, so it must not block.
pub trait Observer: Send + Sync {
    /// One step of this trigger.
    fn observe(&self, subject: &Subject, step: &Step);

    /// One line of a guest.
    fn log(&self, subject: &Subject, line: &log::Line);

    /// Steps and lines from now on belong to this Job.
    fn registered(&self, _job: JobId) {}
}
