//! `trigger-host:host/task-instances`.

use trigger_host_types::airflow::{Answer, PreviousTask, Request, TaskQuery, TaskState};

use super::{Given, count, to_guest};
use crate::state::State;
use crate::v0_1::bindings::trigger_host::host::task_instances as wit;

impl wit::Host for State {
    async fn count(&mut self, query: wit::Query, states: Vec<String>) -> Given<u64> {
        to_guest(self.ask(Request::TaskCount { query: from_guest(query), states }, count).await)
    }

    async fn states(&mut self, query: wit::Query) -> Given<Vec<wit::TaskState>> {
        to_guest(self.ask(Request::TaskStates { query: from_guest(query) }, states).await)
    }

    async fn previous(
        &mut self,
        dag_id: Option<String>,
        task_id: String,
        logical_date: Option<String>,
        map_index: Option<i32>,
        state: Option<String>,
    ) -> Given<Option<wit::PreviousTask>> {
        to_guest(self.ask(Request::TaskPrevious { dag_id, task_id, logical_date, map_index, state }, previous).await)
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

fn states(answer: Answer) -> Option<Vec<wit::TaskState>> {
    let Answer::TaskStates(states) = answer else { return None };
    let state = |TaskState { run_id, task, state }| wit::TaskState { run_id, task, state };
    Some(states.into_iter().map(state).collect())
}

fn previous(answer: Answer) -> Option<Option<wit::PreviousTask>> {
    let Answer::PreviousTask(previous) = answer else { return None };
    Some(previous.map(|PreviousTask { run_id, state, try_number, map_index, logical_date, start_date, end_date }| {
        wit::PreviousTask { run_id, state, try_number, map_index, logical_date, start_date, end_date }
    }))
}
