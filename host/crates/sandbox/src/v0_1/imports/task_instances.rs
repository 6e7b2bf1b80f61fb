//! `trigger-host:host/task-instances`.

use trigger_host_types::airflow::{PreviousTask, TaskCount, TaskPrevious, TaskQuery, TaskState, TaskStates};

use super::{Given, to_guest};
use crate::state::State;
use crate::v0_1::bindings::trigger_host::host::task_instances as wit;

impl wit::Host for State {
    async fn count(&mut self, query: wit::Query, states: Vec<String>) -> Given<u64> {
        to_guest(self.ask(TaskCount { query: from_guest(query), states }).await)
    }

    async fn states(&mut self, query: wit::Query) -> Given<Vec<wit::TaskState>> {
        let states = self.ask(TaskStates { query: from_guest(query) }).await?;
        to_guest(Ok(states.map(|states| states.into_iter().map(state_to_guest).collect())))
    }

    async fn previous(
        &mut self,
        dag_id: Option<String>,
        task_id: String,
        logical_date: Option<String>,
        map_index: Option<i32>,
        state: Option<String>,
    ) -> Given<Option<wit::PreviousTask>> {
        let previous = self.ask(TaskPrevious { dag_id, task_id, logical_date, map_index, state }).await?;
        to_guest(Ok(previous.map(|previous| previous.map(previous_to_guest))))
    }
}

fn from_guest(query: wit::Query) -> TaskQuery {
    TaskQuery {
        dag_id: query.dag_id,
        run_ids: query.run_ids,
        task_ids: query.task_ids,
        task_group_id: query.task_group_id,
        logical_dates: query.logical_dates,
        map_index: query.map_index,
    }
}

fn state_to_guest(state: TaskState) -> wit::TaskState {
    let TaskState { run_id, task, state } = state;
    wit::TaskState { run_id, task, state }
}

fn previous_to_guest(previous: PreviousTask) -> wit::PreviousTask {
    let PreviousTask { run_id, state, try_number, map_index, logical_date, start_date, end_date } = previous;
    wit::PreviousTask { run_id, state, try_number, map_index, logical_date, start_date, end_date }
}
