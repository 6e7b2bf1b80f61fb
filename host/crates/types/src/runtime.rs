//! What a guest asks of Airflow at run time and the answers, between the sandbox (which speaks WIT) and the supervisor (which speaks to Airflow).

use std::time::Duration;

use crate::{Blame, Class, Classify, ConnId, Retry};

/// The most bytes of a value, in either direction, as the guest sees it.
pub const MAX_VALUE: u64 = 1 << 20;

/// One request. The sandbox has checked its sizes; grants and scope have not been looked at.
#[derive(Clone, PartialEq, Eq)]
pub enum Request {
    /// The value of a variable: [`Answer::Text`].
    VariableGet {
        /// Its key.
        key: String,
    },
    /// Keys of variables: [`Answer::Keys`].
    VariableKeys {
        /// What they begin with.
        prefix: String,
        /// 1 to 10,000.
        limit: u32,
        /// So many are left out.
        offset: u64,
    },
    /// Creates or replaces a variable: [`Answer::Done`].
    VariablePut {
        /// Its key.
        key: String,
        /// Its value.
        value: String,
        /// For people.
        description: Option<String>,
    },
    /// Removes a variable: [`Answer::Done`].
    VariableDelete {
        /// Its key.
        key: String,
    },
    /// The value of an XCom: [`Answer::Text`], neutral JSON.
    XcomGet {
        /// Which one.
        place: XcomPlace,
    },
    /// Creates or replaces an XCom: [`Answer::Done`].
    XcomSet {
        /// Which one.
        place: XcomPlace,
        /// Neutral JSON.
        value: String,
    },
    /// Removes an XCom: [`Answer::Done`].
    XcomDelete {
        /// Which one.
        place: XcomPlace,
    },
    /// A value kept for an asset: [`Answer::Text`], neutral JSON.
    AssetStateGet {
        /// Of which.
        asset: Asset,
        /// Its key.
        key: String,
    },
    /// Creates or replaces a value kept for an asset: [`Answer::Done`].
    AssetStateSet {
        /// Of which.
        asset: Asset,
        /// Its key.
        key: String,
        /// Neutral JSON.
        value: String,
    },
    /// Removes a value kept for an asset: [`Answer::Done`].
    AssetStateDelete {
        /// Of which.
        asset: Asset,
        /// Its key.
        key: String,
    },
    /// Removes all values kept for an asset: [`Answer::Done`].
    AssetStateClear {
        /// Of which.
        asset: Asset,
    },
    /// How many task instances are in any of these states: [`Answer::Count`].
    TaskCount {
        /// Which are meant.
        query: TaskQuery,
        /// `null` means none yet.
        states: Vec<String>,
    },
    /// Task instances and their states: [`Answer::TaskStates`].
    TaskStates {
        /// Which are meant.
        query: TaskQuery,
    },
    /// The task instance of a run before: [`Answer::PreviousTask`].
    TaskPrevious {
        /// The Dag; the trigger's own one when absent.
        dag_id: Option<String>,
        /// The task.
        task_id: String,
        /// RFC 3339.
        logical_date: Option<String>,
        /// -1 when not mapped.
        map_index: Option<i32>,
        /// Only in this state.
        state: Option<String>,
    },
    /// The state of a Dag run: [`Answer::Text`].
    DagRunState {
        /// The Dag; the trigger's own one when absent.
        dag_id: Option<String>,
        /// The run; the trigger's own one when both are absent.
        run_id: Option<String>,
    },
    /// How many Dag runs there are: [`Answer::Count`].
    DagRunCount {
        /// Which are meant.
        query: DagRunQuery,
    },
    /// What a connection points to: [`Answer::Connection`].
    ConnectionDescribe {
        /// Its id.
        id: ConnId,
    },
}

impl Request {
    /// Interface and function, such as `variables.get`: for metrics, and for people who ask what a guest did.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::VariableGet { .. } => "variables.get",
            Self::VariableKeys { .. } => "variables.keys",
            Self::VariablePut { .. } => "variables.put",
            Self::VariableDelete { .. } => "variables.delete",
            Self::XcomGet { .. } => "xcoms.get",
            Self::XcomSet { .. } => "xcoms.set",
            Self::XcomDelete { .. } => "xcoms.delete",
            Self::AssetStateGet { .. } => "asset-state.get",
            Self::AssetStateSet { .. } => "asset-state.set",
            Self::AssetStateDelete { .. } => "asset-state.delete",
            Self::AssetStateClear { .. } => "asset-state.clear",
            Self::TaskCount { .. } => "task-instances.count",
            Self::TaskStates { .. } => "task-instances.states",
            Self::TaskPrevious { .. } => "task-instances.previous",
            Self::DagRunState { .. } => "dag-runs.state",
            Self::DagRunCount { .. } => "dag-runs.count",
            Self::ConnectionDescribe { .. } => "connections.describe",
        }
    }
}

/// An XCom within the trigger's own Dag run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct XcomPlace {
    /// The task; the waiting one when absent.
    pub task_id: Option<String>,
    /// Its key.
    pub key: String,
    /// The mapped instance; when absent, that of the waiting task if `task_id` is absent too, else -1.
    pub map_index: Option<i32>,
}

/// An asset that the trigger watches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asset {
    /// By name.
    Name(String),
    /// By URI.
    Uri(String),
}

/// Which task instances are meant. Empty lists and absent members do not restrict.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TaskQuery {
    /// The Dag; the trigger's own one when absent.
    pub dag_id: Option<String>,
    /// Only these runs.
    pub run_ids: Vec<String>,
    /// Only these tasks.
    pub task_ids: Vec<String>,
    /// Only the tasks of this group.
    pub task_group_id: Option<String>,
    /// Only runs with these logical dates, RFC 3339.
    pub logical_dates: Vec<String>,
    /// Only this mapped instance.
    pub map_index: Option<i32>,
}

/// Which Dag runs are meant. Empty lists do not restrict.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DagRunQuery {
    /// The Dag; the trigger's own one when absent.
    pub dag_id: Option<String>,
    /// Only these runs.
    pub run_ids: Vec<String>,
    /// Only runs with these logical dates, RFC 3339.
    pub logical_dates: Vec<String>,
    /// Only runs in these states.
    pub states: Vec<String>,
}

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
    Connection(Connection),
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
pub struct Connection {
    /// `http`, `postgres`, …
    pub conn_type: String,
    /// A name, an address, or a URL without user information, query and fragment.
    pub host: Option<String>,
    /// TCP port.
    pub port: Option<u16>,
    /// Scheme or database.
    pub schema: Option<String>,
}

/// Why a guest gets no answer. The text reaches the guest: it holds no secret and nothing about the host's network.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The grants, or Airflow itself, do not allow it; the text says what grant would.
    #[error("not granted: {0}")]
    NotGranted(String),
    /// It is not there.
    #[error("not found: {0}")]
    NotFound(String),
    /// The request is malformed, or Airflow could not take it.
    #[error("invalid request: {0}")]
    Invalid(String),
    /// The budget of the call is used up.
    #[error("budget used up: {0}")]
    Budget(String),
    /// The value sent or the answer is larger than this many bytes.
    #[error("larger than {0} bytes")]
    TooLarge(u64),
    /// No whole answer in time.
    #[error("no whole answer within {} ms", .0.as_millis())]
    Deadline(Duration),
    /// No connection, or a server that cannot answer now.
    #[error("unreachable: {0}")]
    Unreachable(String),
    /// None of the above.
    #[error("{0}")]
    Other(String),
}

impl Classify for Error {
    fn class(&self) -> Class {
        match self {
            Self::NotGranted(_) => Class::Grant,
            Self::NotFound(_) | Self::Deadline(_) | Self::Unreachable(_) => Class::Api,
            Self::Invalid(_) => Class::Guest,
            Self::Budget(_) | Self::TooLarge(_) => Class::Limit,
            Self::Other(_) => Class::Host,
        }
    }

    fn retry(&self) -> Retry {
        match self {
            Self::Deadline(_) | Self::Unreachable(_) => Retry::Later,
            _ => Retry::Never,
        }
    }

    fn blame(&self) -> Blame {
        match self {
            Self::NotGranted(_) => Blame::Operator,
            Self::Invalid(_) | Self::Budget(_) | Self::TooLarge(_) | Self::NotFound(_) => Blame::Guest,
            Self::Deadline(_) | Self::Unreachable(_) => Blame::Airflow,
            Self::Other(_) => Blame::Host,
        }
    }
}
