//! Who asks.

use std::sync::Arc;

use trigger_host_types::{ClassPath, JobId, TriggerId};

use crate::grants::AirflowGrants;
use crate::scope::Scope;

/// Who asks. Made by the host for each call of a guest; nothing in it comes from the guest.
#[derive(Debug)]
pub struct Asker {
    pub(crate) trigger: TriggerId,
    pub(crate) classpath: ClassPath,
    pub(crate) job: JobId,
    pub(crate) grants: Arc<AirflowGrants>,
    pub(crate) scope: Scope,
}

impl Asker {
    /// A trigger that `job` holds, with the grants of its class.
    pub const fn new(
        trigger: TriggerId,
        classpath: ClassPath,
        job: JobId,
        grants: Arc<AirflowGrants>,
        scope: Scope,
    ) -> Self {
        Self { trigger, classpath, job, grants, scope }
    }

    /// The class path whose grants these are.
    pub const fn classpath(&self) -> &ClassPath {
        &self.classpath
    }

    /// The trigger of the task `t` of the Dag `d`, watching `a`, with these grants.
    #[cfg(test)]
    pub(crate) fn example(grants: AirflowGrants) -> Self {
        Self::new(TriggerId(1), "x.Y".into(), JobId(1), Arc::new(grants), Scope::example())
    }
}
