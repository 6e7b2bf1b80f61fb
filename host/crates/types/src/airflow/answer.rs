//! What it gets.

/// An answer. Prints nothing: a value may be a secret.
#[derive(Clone, PartialEq, Eq)]
pub enum Answer {
    /// It was done.
    Done,
    /// A value or a state.
    Text(String),
    /// A page of keys.
    Keys {
        /// In the server's order.
        keys: Vec<String>,
        /// How many there are in all.
        total: u64,
    },
    /// A number.
    Count(u64),
    /// Task instances and their states.
    TaskStates(Vec<TaskState>),
    /// The one before, if there is one.
    PreviousTask(Option<PreviousTask>),
    /// What a connection points to.
    Connection(ConnectionDescription),
}

/// A task instance and its state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskState {
    /// Its Dag run.
    pub run_id: String,
    /// Its task, with `_` and the map index behind it where it is mapped.
    pub task: String,
    /// None yet when absent.
    pub state: Option<String>,
}

/// An earlier task instance. Times are RFC 3339.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreviousTask {
    /// Its Dag run.
    pub run_id: String,
    /// None yet when absent.
    pub state: Option<String>,
    /// From 1.
    pub try_number: Option<u32>,
    /// -1 when not mapped.
    pub map_index: Option<i32>,
    /// Of its Dag run.
    pub logical_date: Option<String>,
    /// When it began to run.
    pub start_date: Option<String>,
    /// When it ended.
    pub end_date: Option<String>,
}

/// The part of a connection that is no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectionDescription {
    /// `http`, `postgres`, …
    pub conn_type: String,
    /// A name or an address, several with commas between; of a URL scheme, host and port. None where that cannot be told from a secret.
    pub host: Option<String>,
    /// TCP port.
    pub port: Option<u16>,
    /// Scheme or database, if it is a plain name.
    pub schema: Option<String>,
}
