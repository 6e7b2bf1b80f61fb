//! `task-instances`: how many there are, and in what state.

use super::check::{MOST_ID, MOST_WORD, check_list, check_map_index, check_optional, check_text};
use super::{Ask, Error};

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

/// Counts the task instances that are in any of these states.
pub struct TaskCount {
    /// Which are meant.
    pub query: TaskQuery,
    /// `null` means none yet.
    pub states: Vec<String>,
}

/// Lists task instances and their states.
pub struct TaskStates {
    /// Which are meant.
    pub query: TaskQuery,
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

/// Looks for the task instance of an earlier run.
pub struct TaskPrevious {
    /// The Dag; the trigger's own one when absent.
    pub dag_id: Option<String>,
    /// The task.
    pub task_id: String,
    /// RFC 3339.
    pub logical_date: Option<String>,
    /// -1 when not mapped.
    pub map_index: Option<i32>,
    /// Only in this state.
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
    /// The logical date of its Dag run.
    pub logical_date: Option<String>,
    /// When it began to run.
    pub start_date: Option<String>,
    /// When it ended.
    pub end_date: Option<String>,
}

const INTERFACE: &str = "task-instances";

impl Ask for TaskCount {
    type Answer = u64;
    const INTERFACE: &'static str = INTERFACE;
    const NAME: &'static str = "task-instances.count";

    fn check(&self) -> Result<(), Error> {
        check_query(&self.query)?;
        check_list("states", &self.states, MOST_WORD)
    }
}

impl Ask for TaskStates {
    type Answer = Vec<TaskState>;
    const INTERFACE: &'static str = INTERFACE;
    const NAME: &'static str = "task-instances.states";

    fn check(&self) -> Result<(), Error> {
        check_query(&self.query)
    }

    fn count_bytes(answer: &Vec<TaskState>) -> usize {
        answer.iter().map(|one| one.run_id.len() + one.task.len() + one.state.as_ref().map_or(0, String::len)).sum()
    }
}

impl Ask for TaskPrevious {
    /// `None` when there is none.
    type Answer = Option<PreviousTask>;
    const INTERFACE: &'static str = INTERFACE;
    const NAME: &'static str = "task-instances.previous";

    fn check(&self) -> Result<(), Error> {
        check_map_index(self.map_index)?;
        check_optional("dag-id", self.dag_id.as_ref(), MOST_ID)?;
        check_text("task-id", &self.task_id, MOST_ID)?;
        check_optional("logical-date", self.logical_date.as_ref(), MOST_WORD)?;
        check_optional("state", self.state.as_ref(), MOST_WORD)
    }
}

fn check_query(query: &TaskQuery) -> Result<(), Error> {
    check_optional("dag-id", query.dag_id.as_ref(), MOST_ID)?;
    check_optional("task-group-id", query.task_group_id.as_ref(), MOST_ID)?;
    check_map_index(query.map_index)?;
    check_list("run-ids", &query.run_ids, MOST_ID)?;
    check_list("task-ids", &query.task_ids, MOST_ID)?;
    check_list("logical-dates", &query.logical_dates, MOST_WORD)
}
