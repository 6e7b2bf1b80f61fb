//! The seam to what answers a guest's imports.

use async_trait::async_trait;
use tracing::Span;
use trigger_host_types::airflow::NothingGranted;
use trigger_host_types::imports::AnswersAll;
use trigger_host_types::{http, log};

/// Answers the imports of one trigger, within its grants. The sandbox has counted each call against the budget before
/// it gets here; the implementation checks the grants, and has a deadline of its own.
///
/// # Cancel safety
/// The futures are dropped when the call ends early (deadline, budget, cancelled).
#[async_trait]
pub trait HostCalls: Send + Sync {
    /// Sends one request.
    ///
    /// # Errors
    /// As the guest is to see them.
    async fn http_send(&self, request: http::Request) -> Result<http::Response, http::Error>;

    /// Sends many at once; answers in the order of the requests, as many as there are requests.
    async fn http_send_all(&self, requests: Vec<http::Request>) -> Vec<Result<http::Response, http::Error>>;

    /// Who answers what the trigger asks of Airflow. Whoever does not say otherwise grants nothing.
    fn airflow(&self) -> &(dyn AnswersAll + 'static) {
        &NothingGranted
    }

    /// Takes one line of the trigger's log. Must not block.
    fn log(&self, line: log::Line);

    /// The tracing span of one host call; `import` is `interface.function`. Whoever has nothing to say of the trigger
    /// opens none.
    fn span(&self, _import: &'static str) -> Span {
        Span::none()
    }
}

/// For calls without grants: `describe`.
pub(crate) struct NoHost;

#[async_trait]
impl HostCalls for NoHost {
    async fn http_send(&self, _: http::Request) -> Result<http::Response, http::Error> {
        Err(http::Error::NotGranted("nothing is granted here".to_owned()))
    }

    async fn http_send_all(&self, requests: Vec<http::Request>) -> Vec<Result<http::Response, http::Error>> {
        let refused = http::Error::NotGranted("nothing is granted here".to_owned());
        requests.iter().map(|_| Err(refused.clone())).collect()
    }

    fn log(&self, _: log::Line) {}
}
