//! What an operator can set about the supervisor, with Airflow's own defaults (docs/design/triggerer.md#configuration).

use std::time::Duration;

use scheduler::Unmapped;

/// How the supervisor behaves.
#[derive(Debug, Clone)]
pub struct Settings {
    /// What the Job is registered under; the api-server fetches logs from it.
    pub hostname: String,
    /// Most triggers held at once (`[triggerer] capacity`).
    pub capacity: usize,
    /// Only triggers of these queues; none for those without a queue.
    pub queues: Option<Vec<String>>,
    /// Only triggers of this team.
    pub team: Option<String>,
    /// Period of the heartbeat (`[triggerer] job_heartbeat_sec`).
    pub heartbeat_every: Duration,
    /// Silence after which a host counts as dead (`[triggerer] triggerer_health_check_threshold`); the same for all
    /// hosts.
    pub health_check_threshold: Duration,
    /// Silence of the executor after which the heartbeat stops (`[triggerer] runner_health_check_threshold`), zero for
    /// never.
    pub watchdog: Duration,
    /// Bound on one `on-kill` (`[triggerer] on_kill_timeout`).
    pub on_kill_timeout: Duration,
    /// No event of a task's trigger leaves earlier than this after its claim (docs/design/triggerer.md#early-events).
    pub first_event_after: Duration,
    /// What becomes of a task's trigger without a component.
    pub unmapped_tasks: Unmapped,
    /// The same of a callback; an asset's is always held.
    pub unmapped_callbacks: Unmapped,
    /// Period of `load` while there is work; grows to four times that when nothing happens.
    pub load_every: Duration,
    /// Period of `cleanup` when nothing was fired or failed.
    pub cleanup_every: Duration,
    /// Guests that may be live at once.
    pub live_instances: usize,
    /// Events, failures and checkpoints in flight at once.
    pub deliveries: usize,
    /// Ids in one `workloads` request.
    pub workload_slice: usize,
    /// Bound on registering at the start.
    pub register_within: Duration,
    /// The bounds of a drain.
    pub drain: Drain,
}

/// The bounds of a drain, in its order (docs/design/triggerer.md#shutdown).
#[derive(Debug, Clone, Copy)]
pub struct Drain {
    /// For calls that are running.
    pub polls: Duration,
    /// For events, failures and checkpoints that are queued.
    pub deliveries: Duration,
    /// For the last request, which completes the Job.
    pub complete: Duration,
}
