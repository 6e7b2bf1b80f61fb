//! The stand-ins for the interfaces to Airflow in a native test: each asks the fake Airflow of the fake host. The
//! signatures are those of the generated bindings, so that the code above them is the same.

use crate::bindings::trigger_host::host::runtime::Error;
use crate::fake::Airflow;

use super::native::world;

fn ask<T>(interface: &str, answer: impl FnOnce(&mut Airflow) -> Result<T, Error>) -> Result<T, Error> {
    let world = world();
    let mut world = world.borrow_mut();
    let airflow = world.airflow();
    airflow.before(interface)?;
    answer(airflow)
}

pub(crate) mod variables {
    use super::{Error, ask};
    use crate::bindings::trigger_host::host::variables::Page;

    pub(crate) fn get(key: &str) -> Result<String, Error> {
        ask("variables", |airflow| airflow.get_variable(key))
    }

    pub(crate) fn keys(prefix: &str, limit: u32, offset: u64) -> Result<Page, Error> {
        ask("variables", |airflow| Ok(airflow.variable_keys(prefix, limit, offset)))
    }

    pub(crate) fn put(key: &str, value: &str, _: Option<&str>) -> Result<(), Error> {
        ask("variables", |airflow| {
            airflow.variable(key, value);
            Ok(())
        })
    }

    pub(crate) fn delete(key: &str) -> Result<(), Error> {
        ask("variables", |airflow| {
            airflow.remove_variable(key);
            Ok(())
        })
    }
}

pub(crate) mod xcoms {
    use super::{Error, ask};
    use crate::bindings::trigger_host::host::xcoms::Place;

    pub(crate) fn get(place: &Place) -> Result<String, Error> {
        ask("xcoms", |airflow| airflow.get_xcom(place))
    }

    pub(crate) fn set(place: &Place, value: &str) -> Result<(), Error> {
        ask("xcoms", |airflow| airflow.set_xcom(place, Some(value)))
    }

    pub(crate) fn delete(place: &Place) -> Result<(), Error> {
        ask("xcoms", |airflow| airflow.set_xcom(place, None))
    }
}

pub(crate) mod asset_state {
    use super::{Error, ask};
    use crate::bindings::trigger_host::host::asset_state::Asset;

    pub(crate) fn get(asset: &Asset, key: &str) -> Result<String, Error> {
        ask("asset-state", |airflow| airflow.get_asset_state(asset, key))
    }

    pub(crate) fn set(asset: &Asset, key: &str, value: &str) -> Result<(), Error> {
        ask("asset-state", |airflow| airflow.set_asset_state(asset, key, Some(value)))
    }

    pub(crate) fn delete(asset: &Asset, key: &str) -> Result<(), Error> {
        ask("asset-state", |airflow| airflow.set_asset_state(asset, key, None))
    }

    pub(crate) fn clear(asset: &Asset) -> Result<(), Error> {
        ask("asset-state", |airflow| airflow.clear_asset_state(asset))
    }
}

pub(crate) mod task_instances {
    use super::{Error, ask};
    use crate::bindings::trigger_host::host::task_instances::{PreviousTask, Query, TaskState};

    pub(crate) fn count(query: &Query, states: &[String]) -> Result<u64, Error> {
        ask("task-instances", |airflow| airflow.count_tasks(query, states))
    }

    pub(crate) fn states(query: &Query) -> Result<Vec<TaskState>, Error> {
        ask("task-instances", |airflow| airflow.states_of_tasks(query))
    }

    pub(crate) fn previous(
        dag_id: Option<&str>,
        task_id: &str,
        _: Option<&str>,
        _: Option<i32>,
        state: Option<&str>,
    ) -> Result<Option<PreviousTask>, Error> {
        ask("task-instances", |airflow| airflow.previous_task(dag_id, task_id, state))
    }
}

pub(crate) mod dag_runs {
    use super::{Error, ask};
    use crate::bindings::trigger_host::host::dag_runs::Query;

    pub(crate) fn state(dag_id: Option<&str>, run_id: Option<&str>) -> Result<String, Error> {
        ask("dag-runs", |airflow| airflow.state_of_run(dag_id, run_id))
    }

    pub(crate) fn count(query: &Query) -> Result<u64, Error> {
        ask("dag-runs", |airflow| airflow.count_runs(query))
    }
}

pub(crate) mod connections {
    use super::{Error, ask};
    use crate::bindings::trigger_host::host::connections::{Description, Extra};

    pub(crate) fn describe(id: &str) -> Result<Description, Error> {
        ask("connections", |airflow| airflow.describe(id))
    }

    pub(crate) fn extras(id: &str) -> Result<Vec<Extra>, Error> {
        ask("connections", |airflow| airflow.extras_of(id))
    }
}
