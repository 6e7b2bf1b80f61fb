//! The bounds of the scheduler, and what it has to know of the operator's wishes and of the server.

/// The bounds, and the operator's choice for triggers that cannot run.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Most calls at once.
    pub live_instances: usize,
    /// Most requests at once.
    pub deliveries: usize,
    /// Milliseconds between a task's claim and its first event.
    pub first_event_after: u64,
    /// What becomes of a task's trigger without a component.
    pub unmapped_tasks: Unmapped,
    /// What becomes of a callback without a component. An asset watcher is always held.
    pub unmapped_callbacks: Unmapped,
}

/// What becomes of a trigger that no component is mapped to. It cannot be given back
/// (docs/design/triggerer.md#assignment).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unmapped {
    /// It fails. Right where this host owns its queue or team.
    Fail,
    /// It is kept and never run.
    Hold,
}

/// What the server said when the Job was registered.
#[derive(Debug, Clone, Copy)]
pub struct Server {
    /// The Job, which goes into the keys of events where the server keeps no checkpoints.
    pub job: i64,
    /// Whether it keeps checkpoints.
    pub checkpoints: bool,
    /// Whether it accepts several events in one request.
    pub batches: bool,
}
