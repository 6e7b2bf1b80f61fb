//! Registering with the Execution API: at the start, and again when the API no longer knows the Job.

use execution_api::retry::{Call, REGISTER_WAITS, SLOW_WAITS, Step, next_step};
use execution_api::{ApiError, Client, Registered};
use tokio::time::Instant;
use trigger_host_types::UnixMs;

use super::Actor;
use super::operations::Report;
use crate::carried::describe_server;
use crate::settings::Settings;

/// Registers; retries transient faults for as long as the settings allow.
pub(crate) async fn register(settings: &Settings, client: &Client) -> Result<Registered, ApiError> {
    let until = Instant::now() + settings.register_within;
    let mut failures = 0;
    loop {
        let error = match client.register(&settings.hostname).await {
            Ok(registered) => return Ok(registered),
            Err(error) => error,
        };
        failures += 1;
        let wait = REGISTER_WAITS.next_wait(failures, fastrand::f64());
        let step = next_step(Call::Register, error.fault(), failures, false);
        if step == Step::Fatal || Instant::now() + wait > until {
            return Err(error);
        }
        tracing::warn!(%error, wait_ms = wait.as_millis() as u64, "Could not register yet; will retry.");
        tokio::time::sleep(wait).await;
    }
}

impl Actor {
    pub(super) fn register_again(&mut self) {
        if std::mem::replace(&mut self.registering, true) {
            return;
        }
        tracing::warn!(job = %self.heart.job(), "The Execution API no longer knows this Job; registering again.");
        let (client, settings) = (self.parts.client.clone(), self.settings.clone());
        self.operations.spawn(async move {
            let registered = register(&settings, &client).await;
            if registered.is_err() {
                tokio::time::sleep(SLOW_WAITS.next_wait(1, fastrand::f64())).await;
            }
            Report::Registered(registered)
        });
    }

    pub(super) fn handle_registered(&mut self, registered: Result<Registered, ApiError>, now: UnixMs) {
        self.registering = false;
        match registered {
            Ok(registered) => {
                tracing::info!(job = %registered.job_id, "Registered again.");
                self.heart.registered(registered.job_id);
                self.parts.observer.registered(registered.job_id);
                self.extensions = registered.extensions;
                self.fetches.forget();
                self.scheduler.forget_claims(describe_server(&registered), now);
                self.rounds.load_at_once(Instant::now());
            }
            Err(error) => {
                tracing::error!(%error, "Could not register again; will retry.");
                self.heart.complain(&error);
            }
        }
    }
}
