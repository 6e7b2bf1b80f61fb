//! The imports of one trigger's calls: requests go to the broker under the grants of its class, lines to the observer under its id.

use std::sync::Arc;

use async_trait::async_trait;
use broker::Broker;
use trigger_host_types::{http, log};

use crate::catalog::Class;
use crate::observer::{Observer, Subject};

/// What the sandbox calls on behalf of one trigger.
pub(crate) struct TriggerCalls {
    pub(crate) subject: Subject,
    pub(crate) class: Arc<Class>,
    pub(crate) broker: Broker,
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

    fn log(&self, line: log::Line) {
        self.observer.log(&self.subject, &line);
    }
}
