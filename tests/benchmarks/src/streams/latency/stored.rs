//! The server's process: the embedded API, and beside it the time of every event that it reports as stored.

use std::path::Path;
use std::sync::Arc;

use anyhow::Result;
use embedded_api::{Config, Database, EmbeddedApi};
use parking_lot::Mutex;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::broadcast::Receiver;
use trigger_host_types::step::{Step, StepKind};

use super::Sample;
use crate::measure::wall_us;
use crate::part;

/// Serves, and answers with what was stored since it was last asked.
pub(crate) async fn stored(database: &Path) -> Result<()> {
    let database = Database::File(database.to_owned());
    let server = EmbeddedApi::open(Config { database, claims_per_class: u32::MAX, ..Config::default() })?;
    let samples = Arc::default();
    tokio::spawn(note(server.subscribe(), Arc::clone(&samples)));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    part::answer(&json!({"url": format!("http://{}/execution/", listener.local_addr()?)}))?;
    tokio::spawn(server.serve(listener, std::future::pending()));
    loop {
        part::pause()?;
        let taken = std::mem::take(&mut *samples.lock());
        part::answer(&serde_json::to_value(taken)?)?;
    }
}

/// Takes the time of every event that is stored; its payload is when its message was sent. An event that
/// is reported too late is missed, and then waited for in vain.
async fn note(mut steps: Receiver<Step>, samples: Arc<Mutex<Vec<Sample>>>) {
    while let Ok(step) = steps.recv().await {
        if let StepKind::EventStored { payload, .. } = step.what
            && let Ok(sent) = payload.parse()
        {
            samples.lock().push((sent, wall_us()));
        }
    }
}
