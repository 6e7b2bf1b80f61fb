//! The imports of one trigger's calls: requests go to the broker under the grants of its class, questions to Airflow in
//! the trigger's own name, lines to the observer under its id.

use std::sync::Arc;

use airflow_asks::{Asker, Scope};
use async_trait::async_trait;
use broker::Broker;
use tracing::Span;
use trigger_host_types::airflow::NothingGranted;
use trigger_host_types::imports::AnswersAll;
use trigger_host_types::step::Subject;
use trigger_host_types::{JobId, UnixMs, http, log, spans};

use crate::carried::Trigger;
use crate::catalog::Class;
use crate::observer::Observer;

/// Who asks when this trigger does: the host's own record of it, and the grants of its class.
pub(crate) fn identify(trigger: &Trigger, class: &Class, job: JobId) -> Arc<Asker> {
    let (classpath, grants) = (class.classpath.clone(), Arc::clone(&class.airflow));
    let scope = Scope::new(trigger.task.as_deref(), trigger.assets.clone());
    Arc::new(Asker::new(trigger.id, classpath, job, grants, scope))
}

/// What a call of this trigger is about.
pub(crate) fn context(trigger: &Trigger, now: UnixMs) -> sandbox::Context {
    sandbox::Context {
        trigger_id: trigger.id,
        classpath: trigger.classpath.clone(),
        kind: trigger.kind,
        now,
        task: trigger.task.as_ref().map(|task| task.unpack()),
        timeout_at: trigger.timeout_at,
    }
}

/// What the sandbox calls on behalf of one trigger.
pub(crate) struct TriggerCalls {
    pub(crate) subject: Subject,
    pub(crate) class: Arc<Class>,
    pub(crate) broker: Broker,
    /// Answers what it asks of Airflow; none where the class may ask nothing.
    pub(crate) airflow: Option<Arc<dyn AnswersAll>>,
    pub(crate) observer: Arc<dyn Observer>,
}

#[async_trait]
impl sandbox::HostCalls for TriggerCalls {
    async fn http_send(&self, request: http::Request) -> Result<http::Response, http::Error> {
        self.broker.send(&self.class.http, request).await
    }

    async fn http_send_all(&self, requests: Vec<http::Request>) -> Vec<Result<http::Response, http::Error>> {
        self.broker.send_all(&self.class.http, requests).await
    }

    fn airflow(&self) -> &(dyn AnswersAll + 'static) {
        self.airflow.as_deref().unwrap_or(&NothingGranted)
    }

    fn log(&self, line: log::Line) {
        self.observer.log(&self.subject, &line);
    }

    fn span(&self, import: &'static str) -> Span {
        spans::host_call(self.subject.trigger, &self.subject.classpath, self.class.component.digest(), import)
    }
}
