//! The HTTP requests of a source: through the broker, by the grants of its entry, with the credential of its connection.

use std::sync::Arc;

use async_trait::async_trait;
use broker::{Broker, HttpGrant, Mask};
use sources::Exchange;
use supervisor::WantedUpstream;
use trigger_host_types::http::{Error, Request, Response};

use super::WayOut;

/// A broker that adds credentials in the name of the trigger that asks for the upstream.
pub(super) fn lending(way_out: &WayOut, wanted: &WantedUpstream<'_>) -> Broker {
    let (masker, classpath) = (way_out.masker.clone(), wanted.classpath.clone());
    let mask = Mask::new(move |secret| masker.remember(&classpath, secret));
    way_out.broker.lending(Arc::clone(&wanted.connections), mask)
}

/// A broker and what may be asked of it.
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
