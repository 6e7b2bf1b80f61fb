//! What this host may run: class paths and paths of callbacks mapped to loaded components with their grants and limits.
//! The file format is the command line's.

use std::collections::HashMap;
use std::sync::Arc;

use airflow_asks::AirflowGrants;
use broker::HttpGrant;
use execution_api::wire::CALLBACK_CLASSPATH;
use sandbox::{Component, Limits, Poller, Subscriber};
use trigger_host_types::{ClassPath, TriggerKind};

use crate::streams::{NoUpstreams, Upstreams};

/// A class path and what runs for it.
pub struct Class {
    /// As Airflow stores it; of a callback, the path of its function.
    pub classpath: ClassPath,
    /// Loaded, with the interfaces its grants allow.
    pub component: Component,
    /// For each of its calls.
    pub limits: Arc<Limits>,
    /// Where its requests may go.
    pub http: Arc<[HttpGrant]>,
    /// What it may ask of Airflow.
    pub airflow: Arc<AirflowGrants>,
}

impl Class {
    /// Whether its triggers listen to shared streams.
    pub fn listens(&self) -> bool {
        self.subscriber().is_some()
    }

    /// What is polled for its triggers; none where they listen to shared streams.
    pub fn poller(&self) -> Option<&Poller> {
        if let Component::Poller(poller) = &self.component { Some(poller) } else { None }
    }

    /// What filters shared streams for its triggers; none where they are polled.
    pub fn subscriber(&self) -> Option<&Subscriber> {
        if let Component::Subscriber(subscriber) = &self.component { Some(subscriber) } else { None }
    }
}

impl std::fmt::Debug for Class {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Class").field("classpath", &self.classpath).finish_non_exhaustive()
    }
}

/// All of them.
pub struct Catalog {
    classes: HashMap<ClassPath, Arc<Class>>,
    callbacks: HashMap<ClassPath, Arc<Class>>,
    upstreams: Arc<dyn Upstreams>,
}

impl Default for Catalog {
    fn default() -> Self {
        Self { classes: HashMap::new(), callbacks: HashMap::new(), upstreams: Arc::new(NoUpstreams) }
    }
}

impl std::fmt::Debug for Catalog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Catalog")
            .field("classes", &self.classes)
            .field("callbacks", &self.callbacks)
            .finish_non_exhaustive()
    }
}

impl Catalog {
    /// Maps one. A later class of the same path replaces an earlier one; the reader of the file refuses two.
    pub fn insert(&mut self, class: Class) {
        self.classes.insert(class.classpath.clone(), Arc::new(class));
    }

    /// Maps the path of a callback.
    pub fn insert_callback(&mut self, class: Class) {
        self.callbacks.insert(class.classpath.clone(), Arc::new(class));
    }

    /// What triggers of shared streams may read.
    #[must_use]
    pub fn with_upstreams(mut self, upstreams: Arc<dyn Upstreams>) -> Self {
        self.upstreams = upstreams;
        self
    }

    /// What triggers of shared streams may read.
    pub fn upstreams(&self) -> &Arc<dyn Upstreams> {
        &self.upstreams
    }

    /// What a path is mapped to: of a callback the path of its function, else the class path. An entry for the class
    /// that Airflow gives to every callback takes those that have none of their own.
    pub fn get(&self, kind: TriggerKind, path: &ClassPath) -> Option<&Arc<Class>> {
        match kind {
            TriggerKind::Callback => {
                self.callbacks.get(path).or_else(|| self.classes.get(&ClassPath::from(CALLBACK_CLASSPATH)))
            }
            TriggerKind::Task | TriggerKind::Asset => self.classes.get(path),
        }
    }

    /// Paths mapped.
    pub fn len(&self) -> usize {
        self.classes.len() + self.callbacks.len()
    }

    /// Whether nothing is mapped.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
