//! What this host may run: class paths mapped to loaded components with their grants and limits. The file format is the command line's.

use std::collections::HashMap;
use std::sync::Arc;

use broker::HttpGrant;
use sandbox::{Component, Limits};
use trigger_host_types::ClassPath;

use crate::runtime::RuntimeGrants;

/// A class path and what runs for it.
pub struct Class {
    /// As Airflow stores it.
    pub classpath: ClassPath,
    /// Loaded, with the interfaces its grants allow.
    pub component: Component,
    /// For each of its calls.
    pub limits: Arc<Limits>,
    /// Where its requests may go.
    pub http: Arc<[HttpGrant]>,
    /// What it may ask of Airflow.
    pub runtime: Arc<RuntimeGrants>,
}

impl std::fmt::Debug for Class {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Class").field("classpath", &self.classpath).finish_non_exhaustive()
    }
}

/// All of them.
#[derive(Debug, Default)]
pub struct Catalog {
    classes: HashMap<ClassPath, Arc<Class>>,
}

impl Catalog {
    /// Maps one. A later class of the same path replaces an earlier one; the reader of the file refuses two.
    pub fn insert(&mut self, class: Class) {
        self.classes.insert(class.classpath.clone(), Arc::new(class));
    }

    /// What a class path is mapped to.
    pub fn get(&self, classpath: &ClassPath) -> Option<&Arc<Class>> {
        self.classes.get(classpath)
    }

    /// Class paths mapped.
    pub fn len(&self) -> usize {
        self.classes.len()
    }

    /// Whether nothing is mapped.
    pub fn is_empty(&self) -> bool {
        self.classes.is_empty()
    }
}
