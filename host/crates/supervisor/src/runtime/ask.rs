//! One granted request, put to the API within the trigger's scope; its answer, as a guest takes it.

use encodings::{payload_to_wire, value_from_wire};
use execution_api::{AssetRef, RuntimeAccess};
use serde_json::value::RawValue;
use trigger_host_types::TriggerKind;
use trigger_host_types::runtime::{Answer, Error, Request};

use super::failure::{of_api, of_stored, of_value};
use super::{Scope, describe, states};

/// Asks once.
pub(super) async fn ask(access: &RuntimeAccess, scope: &Scope, request: Request) -> Result<Answer, Error> {
    match request {
        Request::VariableGet { .. }
        | Request::VariableKeys { .. }
        | Request::VariablePut { .. }
        | Request::VariableDelete { .. } => variable(access, request).await,
        Request::XcomGet { .. } | Request::XcomSet { .. } | Request::XcomDelete { .. } => {
            xcom(access, scope, request).await
        }
        Request::AssetStateGet { .. }
        | Request::AssetStateSet { .. }
        | Request::AssetStateDelete { .. }
        | Request::AssetStateClear { .. } => asset_state(access, scope, request).await,
        Request::TaskCount { query, states } => {
            let query = states::task_query(query, scope)?;
            access.task_count(&query, &states).await.map(Answer::Count).map_err(of_api)
        }
        Request::TaskStates { query } => {
            let query = states::task_query(query, scope)?;
            Ok(Answer::TaskStates(states::task_states(access.task_states(&query).await.map_err(of_api)?)))
        }
        Request::TaskPrevious { dag_id, task_id, logical_date, map_index, state } => {
            let dag_id = scope.dag_id(dag_id)?;
            let date = logical_date.as_deref().map(states::date).transpose()?;
            let found = access.previous_task(&dag_id, &task_id, date.as_deref(), map_index, state.as_deref()).await;
            Ok(Answer::PreviousTask(states::previous(found.map_err(of_api)?)?))
        }
        Request::DagRunState { dag_id, run_id } => {
            let (dag_id, run_id) = scope.run(dag_id, run_id)?;
            access.dag_run_state(&dag_id, &run_id).await.map(Answer::Text).map_err(of_api)
        }
        Request::DagRunCount { query } => {
            let query = states::dag_run_query(query, scope)?;
            access.dag_run_count(&query).await.map(Answer::Count).map_err(of_api)
        }
        Request::ConnectionDescribe { id } => {
            let found = access.connection(&id).await.map_err(of_api)?;
            describe::described(found).map(Answer::Connection)
        }
    }
}

async fn variable(access: &RuntimeAccess, request: Request) -> Result<Answer, Error> {
    match request {
        Request::VariableGet { key } => {
            let value = access.variable(&key).await.map_err(of_api)?;
            value.map(Answer::Text).ok_or_else(|| Error::NotFound(format!("the variable `{key}` has no value")))
        }
        Request::VariableKeys { prefix, limit, offset } => {
            let mut page = access.variable_keys(&prefix, limit, offset).await.map_err(of_api)?;
            // A server may read `_` and `%` as wildcards; only what begins so is granted.
            page.keys.retain(|key| key.starts_with(&prefix));
            Ok(Answer::Keys { keys: page.keys, total: page.total_entries })
        }
        Request::VariablePut { key, value, description } => {
            done(access.set_variable(&key, &value, description.as_deref()).await)
        }
        Request::VariableDelete { key } => done(access.delete_variable(&key).await),
        other => Err(unexpected(&other)),
    }
}

async fn xcom(access: &RuntimeAccess, scope: &Scope, request: Request) -> Result<Answer, Error> {
    match request {
        Request::XcomGet { place } => stored(access.xcom(scope.xcom(&place)?, false).await),
        Request::XcomSet { place, value } => {
            let value = payload_to_wire(&value, TriggerKind::Task).map_err(|error| of_value(&error))?;
            done(access.set_xcom(scope.xcom(&place)?, &value).await)
        }
        Request::XcomDelete { place } => done(access.delete_xcom(scope.xcom(&place)?).await),
        other => Err(unexpected(&other)),
    }
}

async fn asset_state(access: &RuntimeAccess, scope: &Scope, request: Request) -> Result<Answer, Error> {
    match request {
        Request::AssetStateGet { asset, key } => {
            stored(access.asset_state(AssetRef::Name(scope.asset(&asset)?), &key).await)
        }
        Request::AssetStateSet { asset, key, value } => {
            // Plain JSON, as an event of a watcher is.
            let value = payload_to_wire(&value, TriggerKind::Asset).map_err(|error| of_value(&error))?;
            done(access.set_asset_state(AssetRef::Name(scope.asset(&asset)?), &key, &value).await)
        }
        Request::AssetStateDelete { asset, key } => {
            done(access.delete_asset_state(AssetRef::Name(scope.asset(&asset)?), &key).await)
        }
        Request::AssetStateClear { asset } => {
            done(access.clear_asset_state(AssetRef::Name(scope.asset(&asset)?)).await)
        }
        other => Err(unexpected(&other)),
    }
}

fn done(answer: Result<(), execution_api::ApiError>) -> Result<Answer, Error> {
    answer.map(|()| Answer::Done).map_err(of_api)
}

fn stored(answer: Result<Box<RawValue>, execution_api::ApiError>) -> Result<Answer, Error> {
    let value = answer.map_err(of_api)?;
    value_from_wire(value.get()).map(Answer::Text).map_err(|error| of_stored(&error))
}

fn unexpected(request: &Request) -> Error {
    Error::Other(format!("`{}` is not asked for here", request.name()))
}
