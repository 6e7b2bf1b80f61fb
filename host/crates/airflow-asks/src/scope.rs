//! What belongs to the trigger that asks: its task instance, and the assets that it watches, both from the host's own
//! record.

use execution_api::XcomPlace;
use trigger_host_types::airflow::{self, Asset, Error};
use trigger_host_types::{Assets, PackedTask, TaskInstance};
use uuid::Uuid;

/// What belongs to one trigger.
#[derive(Debug, Default)]
pub struct Scope {
    task: Option<(Uuid, TaskInstance)>,
    assets: Option<Assets>,
}

impl Scope {
    /// What belongs to the trigger that `task` waits for, and which watches these assets.
    pub fn new(task: Option<&PackedTask>, assets: Option<Assets>) -> Self {
        Self { task: task.map(|task| (task.id(), task.unpack())), assets }
    }

    /// The waiting task instance.
    pub(crate) fn task(&self) -> Option<&TaskInstance> {
        self.task.as_ref().map(|(_, task)| task)
    }

    /// Its id.
    pub(crate) fn task_instance(&self) -> Option<Uuid> {
        self.task.as_ref().map(|(id, _)| *id)
    }

    /// What is refused to a trigger that no task waits for.
    pub(crate) fn no_task() -> Error {
        Error::Invalid("no task waits for this trigger, so it has no Dag and no Dag run of its own".to_owned())
    }

    /// Where an XCom is: Dag and run are always the trigger's own.
    pub(crate) fn xcom<'a>(&'a self, place: &'a airflow::XcomPlace) -> Result<XcomPlace<'a>, Error> {
        let own = self.task().ok_or_else(Self::no_task)?;
        let (task_id, otherwise) = match &place.task_id {
            Some(task_id) => (task_id.as_str(), -1),
            None => (own.task_id.as_str(), own.map_index),
        };
        let map_index = place.map_index.unwrap_or(otherwise);
        Ok(XcomPlace { dag_id: &own.dag_id, run_id: &own.run_id, task_id, key: &place.key, map_index })
    }

    /// The Dag that is meant.
    pub(crate) fn dag_id(&self, asked: Option<String>) -> Result<String, Error> {
        asked.or_else(|| Some(self.task()?.dag_id.clone())).ok_or_else(Self::no_task)
    }

    /// The Dag and the run that are meant. An own run belongs to the own Dag only.
    pub(crate) fn run(&self, dag_id: Option<String>, run_id: Option<String>) -> Result<(String, String), Error> {
        match (dag_id, run_id) {
            (Some(_), None) => {
                Err(Error::Invalid("`dag-id` needs a `run-id` beside it: give both or neither".to_owned()))
            }
            (dag_id, Some(run_id)) => Ok((self.dag_id(dag_id)?, run_id)),
            (None, None) => {
                let own = self.task().ok_or_else(Self::no_task)?;
                Ok((own.dag_id.clone(), own.run_id.clone()))
            }
        }
    }

    /// The name of an asset that the trigger watches. Airflow is always asked by name: asked by URI, it fails on some
    /// assets.
    pub(crate) fn asset(&self, asked: &Asset) -> Result<&str, Error> {
        let Some(assets) = &self.assets else {
            let what = "this trigger watches no asset, or this server does not say which ones it watches";
            return Err(Error::NotGranted(what.to_owned()));
        };
        let found = match asked {
            Asset::Name(name) => assets.get_key_value(name),
            Asset::Uri(uri) => assets.iter().find(|(_, known)| *known == uri),
        };
        let not_watched =
            || Error::NotGranted("this trigger does not watch that asset, and no grant gives it".to_owned());
        found.map(|(name, _)| name.as_str()).ok_or_else(not_watched)
    }

    /// Of the task `t` of the Dag `d`, watching `a`.
    #[cfg(test)]
    pub(crate) fn example() -> Self {
        let task =
            TaskInstance { dag_id: "d".into(), run_id: "r".into(), task_id: "t".into(), map_index: 4, try_number: 1 };
        let assets = std::collections::BTreeMap::from([("a".to_owned(), "s3://a".to_owned())]);
        Self { task: Some((Uuid::from_u128(7), task)), assets: Some(std::sync::Arc::new(assets)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dag_and_run_of_an_xcom_are_the_triggers_own() {
        let scope = Scope::example();
        let at = |task_id: Option<&str>, map_index| airflow::XcomPlace {
            task_id: task_id.map(str::to_owned),
            key: "k".into(),
            map_index,
        };
        for (asked, task_id, map_index) in [
            (at(None, None), "t", 4),
            (at(None, Some(1)), "t", 1),
            (at(Some("u"), None), "u", -1),
            (at(Some("u"), Some(2)), "u", 2),
        ] {
            let place = scope.xcom(&asked).unwrap();
            assert_eq!(place, XcomPlace { dag_id: "d", run_id: "r", task_id, key: "k", map_index });
        }
        assert!(matches!(Scope::default().xcom(&at(None, None)), Err(Error::Invalid(_))));
    }

    #[test]
    fn an_own_run_belongs_to_the_own_dag_only() {
        let scope = Scope::example();
        let owned = |text: &str| Some(text.to_owned());
        assert_eq!(scope.run(None, None).unwrap(), ("d".into(), "r".into()));
        assert_eq!(scope.run(None, owned("x")).unwrap(), ("d".into(), "x".into()));
        assert_eq!(scope.run(owned("e"), owned("x")).unwrap(), ("e".into(), "x".into()));
        assert!(scope.run(owned("e"), None).is_err());
    }

    #[test]
    fn only_watched_assets_and_always_by_name() {
        let scope = Scope::example();
        assert_eq!(scope.asset(&Asset::Name("a".into())).unwrap(), "a");
        assert_eq!(scope.asset(&Asset::Uri("s3://a".into())).unwrap(), "a");
        assert!(matches!(scope.asset(&Asset::Name("s3://a".into())), Err(Error::NotGranted(_))));
        assert!(matches!(Scope::default().asset(&Asset::Name("a".into())), Err(Error::NotGranted(_))));
    }
}
