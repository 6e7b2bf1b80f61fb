//! The HTTP requests of a source: through the broker, by the grants of its entry, with the credential of its
//! connection.

use std::sync::Arc;

use async_trait::async_trait;
use broker::{Broker, HttpGrant};
use sources::Exchange;
use trigger_host_types::http::{Error, Request, Response};

/// A broker that lends credentials, and what may be asked of it.
pub(super) struct Granted {
    broker: Broker,
    grants: Arc<[HttpGrant]>,
}

impl Granted {
    pub(super) const fn new(broker: Broker, grants: Arc<[HttpGrant]>) -> Self {
        Self { broker, grants }
    }
}

#[async_trait]
impl Exchange for Granted {
    async fn send(&self, request: Request) -> Result<Response, Error> {
        self.broker.send(&self.grants, request).await
    }
}
