//! What a guest asks.

use crate::ConnId;

/// One request. The sandbox has checked its sizes; grants and scope have not been looked at.
#[derive(Clone, PartialEq, Eq)]
pub enum Request {
    /// The value of a variable: [`Answer::Text`](crate::airflow::Answer::Text).
    VariableGet {
        /// Its key.
        key: String,
    },
    /// Keys of variables: [`Answer::Keys`](crate::airflow::Answer::Keys).
    VariableKeys {
        /// What they begin with.
        prefix: String,
        /// 1 to 10,000.
        limit: u32,
        /// So many are left out.
        offset: u64,
    },
    /// Creates or replaces a variable: [`Answer::Done`](crate::airflow::Answer::Done).
    VariablePut {
        /// Its key.
        key: String,
        /// Its value.
        value: String,
        /// For people.
        description: Option<String>,
    },
    /// Removes a variable: [`Answer::Done`](crate::airflow::Answer::Done).
    VariableDelete {
        /// Its key.
        key: String,
    },
    /// The value of an XCom: [`Answer::Text`](crate::airflow::Answer::Text), neutral JSON.
    XcomGet {
        /// Which one.
        place: XcomPlace,
    },
    /// Creates or replaces an XCom: [`Answer::Done`](crate::airflow::Answer::Done).
    XcomSet {
        /// Which one.
        place: XcomPlace,
        /// Neutral JSON.
        value: String,
    },
    /// Removes an XCom: [`Answer::Done`](crate::airflow::Answer::Done).
    XcomDelete {
        /// Which one.
        place: XcomPlace,
    },
    /// A value kept for an asset: [`Answer::Text`](crate::airflow::Answer::Text), neutral JSON.
    AssetStateGet {
        /// Of which.
        asset: Asset,
        /// Its key.
        key: String,
    },
    /// Creates or replaces a value kept for an asset: [`Answer::Done`](crate::airflow::Answer::Done).
    AssetStateSet {
        /// Of which.
        asset: Asset,
        /// Its key.
        key: String,
        /// Neutral JSON.
        value: String,
    },
    /// Removes a value kept for an asset: [`Answer::Done`](crate::airflow::Answer::Done).
    AssetStateDelete {
        /// Of which.
        asset: Asset,
        /// Its key.
        key: String,
    },
    /// Removes all values kept for an asset: [`Answer::Done`](crate::airflow::Answer::Done).
    AssetStateClear {
        /// Of which.
        asset: Asset,
    },
    /// How many task instances are in any of these states: [`Answer::Count`](crate::airflow::Answer::Count).
    TaskCount {
        /// Which are meant.
        query: TaskQuery,
        /// `null` means none yet.
        states: Vec<String>,
    },
    /// Task instances and their states: [`Answer::TaskStates`](crate::airflow::Answer::TaskStates).
    TaskStates {
        /// Which are meant.
        query: TaskQuery,
    },
    /// The task instance of a run before: [`Answer::PreviousTask`](crate::airflow::Answer::PreviousTask).
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
    /// The state of a Dag run: [`Answer::Text`](crate::airflow::Answer::Text).
    DagRunState {
        /// The Dag; the trigger's own one when absent.
        dag_id: Option<String>,
        /// The run; the trigger's own one when both are absent.
        run_id: Option<String>,
    },
    /// How many Dag runs there are: [`Answer::Count`](crate::airflow::Answer::Count).
    DagRunCount {
        /// Which are meant.
        query: DagRunQuery,
    },
    /// What a connection points to: [`Answer::Connection`](crate::airflow::Answer::Connection).
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
