//! Lends connections to the requests of one trigger: fetched in the trigger's own name, for the broker alone.
//!
//! Invariants: the masker knows what is secret in a connection before anybody gets it; an error names the connection,
//! and says nothing else about it or about the host; a fetch needs a place among the few requests that run at once, and
//! has a deadline.

use std::sync::Arc;

use async_trait::async_trait;
use execution_api::ApiError;
use secrecy::ExposeSecret as _;
use trigger_host_types::{ConnId, Connection, ConnectionError, Connections};

use crate::asker::Asker;
use crate::desk::{Desk, WITHIN};
use crate::failure::{BAD_PORT, is_about_the_trigger};
use crate::kept::{Failure, Fetched, Key};

/// The connections of one trigger.
struct Lender {
    desk: Desk,
    asker: Arc<Asker>,
}

impl Desk {
    /// The connections that the requests of one trigger may use. Which of them is for the grants to say.
    pub fn connections(&self, asker: Arc<Asker>) -> Arc<dyn Connections> {
        Arc::new(Lender { desk: self.clone(), asker })
    }
}

#[async_trait]
impl Connections for Lender {
    async fn connection(&self, id: &ConnId) -> Result<Connection, ConnectionError> {
        let key = Key { dag_id: self.asker.scope.task().map(|task| task.dag_id.clone()), id: id.clone() };
        let kept = tokio::time::timeout(WITHIN, self.desk.kept.get(key, self.fetch(id))).await;
        let connection = kept.unwrap_or_else(|_| Err(ConnectionError::Unavailable(id.clone())))?;
        self.remember(&connection);
        Ok(connection)
    }
}

impl Lender {
    async fn fetch(&self, id: &ConnId) -> Fetched {
        // There is none while the host ends.
        let place = self.desk.places.take(&self.asker.classpath).await;
        let _place = place.ok_or_else(|| ConnectionError::Unavailable(id.clone()))?;
        match self.desk.access(&self.asker).connection(id).await {
            Ok(wire) => Ok(read(id, wire)?),
            Err(error) => Err(Failure { error: explain(id, &error), is_own: is_about_the_trigger(&error) }),
        }
    }

    /// Masks what Airflow masks of a connection that a task fetches. The broker adds the credentials that it derives.
    fn remember(&self, connection: &Connection) {
        let (masker, classpath) = (&self.desk.masker, &self.asker.classpath);
        if let Some(password) = &connection.password {
            masker.remember(classpath, password.expose_secret());
        }
        if let Some(extra) = &connection.extra {
            masker.remember_named(classpath, "extra", extra.expose_secret());
        }
    }
}

/// The connection in the form that the broker uses.
fn read(id: &ConnId, wire: execution_api::WireConnection) -> Result<Connection, ConnectionError> {
    let port = wire.port.map(u16::try_from).transpose();
    let port = port.map_err(|_| ConnectionError::Unusable(id.clone(), BAD_PORT))?;
    let execution_api::WireConnection { conn_id: _, conn_type, host, schema, login, password, extra, port: _ } = wire;
    Ok(Connection { conn_type, host, port, login, password, schema, extra })
}

/// The API's error as far as a guest may read it; the operator finds the rest in the host's own log.
fn explain(id: &ConnId, error: &ApiError) -> ConnectionError {
    tracing::warn!(connection = %id, %error, "A connection could not be fetched for a trigger.");
    match error {
        ApiError::NotFound { .. } | ApiError::Unsendable { .. } | ApiError::Rejected { status: 403, .. } => {
            ConnectionError::Unknown(id.clone())
        }
        ApiError::Auth { .. } | ApiError::Token { .. } => ConnectionError::Refused(id.clone()),
        _ => ConnectionError::Unavailable(id.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guest_reads_nothing_but_the_id() {
        let what = || "canary".to_owned();
        for (error, expected) in [
            (ApiError::NotFound { what: what() }, ConnectionError::Unknown("c".into())),
            (
                ApiError::Rejected { status: 403, reason: Some("access_denied".into()), what: what() },
                ConnectionError::Unknown("c".into()),
            ),
            (ApiError::Auth { status: 403, what: what() }, ConnectionError::Refused("c".into())),
            (ApiError::Token { what: what() }, ConnectionError::Refused("c".into())),
            (ApiError::Transport { what: what() }, ConnectionError::Unavailable("c".into())),
            (
                ApiError::Rejected { status: 409, reason: Some("not_holder".into()), what: what() },
                ConnectionError::Unavailable("c".into()),
            ),
        ] {
            let shown = explain(&"c".into(), &error);
            assert_eq!(shown, expected);
            assert!(!shown.to_string().contains("canary"), "{shown}");
        }
    }
}
