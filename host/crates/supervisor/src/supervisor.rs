//! Starting a host, and the handle of a running one.

use std::sync::Arc;

use execution_api::ApiError;
use parking_lot::Mutex;
use streams::Streams;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use crate::actor::registering::register;
use crate::actor::{Actor, Command, Counts};
use crate::catalog::Catalog;
use crate::health::Health;
use crate::heart::{Heart, Rhythm};
use crate::parts::Parts;
use crate::settings::Settings;
use crate::summary::Summary;

/// Commands that wait for the actor; more are refused.
const COMMANDS: usize = 64;

/// Why a host did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The API cannot be reached, or refuses.
    #[error("cannot register with the Execution API")]
    Api(#[source] ApiError),
    /// No thread or no runtime for heartbeats.
    #[error("cannot start the heartbeat thread")]
    Heart(#[source] std::io::Error),
}

/// The supervisor's own task has panicked.
#[derive(Debug, thiserror::Error)]
#[error("the supervisor ended unexpectedly: this is a bug in Trigger Host; please report it")]
pub struct EndError;

/// A running host.
pub struct Supervisor {
    commands: mpsc::Sender<Command>,
    heart: Arc<Heart>,
    streams: Streams,
    counts: watch::Receiver<Counts>,
    actor: Mutex<Option<JoinHandle<Summary>>>,
    ended: Option<Summary>,
}

impl Supervisor {
    /// Registers a Job and starts claiming.
    ///
    /// # Errors
    /// The API refuses, is something else, or could not be reached within `register_within`.
    pub async fn start(settings: Settings, parts: Parts) -> Result<Self, StartError> {
        let registered = register(&settings, &parts.client).await.map_err(StartError::Api)?;
        let rhythm = Rhythm {
            every: settings.heartbeat_every,
            threshold: settings.health_check_threshold,
            watchdog: settings.watchdog,
        };
        let heart = Heart::start(parts.client.clone(), registered.job_id, rhythm).map_err(StartError::Heart)?;
        if settings.queues.is_none() && settings.team.is_none() {
            tracing::warn!(
                "No queues and no team are set: this host claims every trigger without a queue, including those it has no component for."
            );
        }
        parts.observer.registered(registered.job_id);
        let (commands, inbox) = mpsc::channel(COMMANDS);
        let streams = Streams::start_on(parts.sandbox.handle().clone());
        let (count, counts) = watch::channel(Counts::default());
        let actor = Actor::new(settings, parts, registered, Arc::clone(&heart), streams.clone(), count);
        let actor = Mutex::new(Some(tokio::spawn(actor.run(inbox))));
        Ok(Self { commands, heart, streams, counts, actor, ended: None })
    }

    /// Ends in order: no new calls, running ones end, what is queued is sent, the Job is completed.
    pub fn drain(&self) {
        self.send(Command::Drain);
    }

    /// Ends at once. Nothing is completed: the API frees the triggers when the Job is stale.
    pub fn stop_now(&self) {
        self.heart.stop();
        if let Some(actor) = self.actor.lock().as_ref() {
            actor.abort();
        }
    }

    /// Runs what this catalog maps from now on.
    pub fn reload(&self, catalog: Arc<Catalog>) {
        self.send(Command::Reload(catalog));
    }

    /// There may be something to claim: asks at once.
    pub fn poke(&self) {
        self.send(Command::Poke);
    }

    fn send(&self, command: Command) {
        if self.commands.try_send(command).is_err() {
            tracing::warn!("A command was dropped: the supervisor is shutting down or too busy to accept more.");
        }
    }

    /// The shared streams of its triggers.
    pub fn streams(&self) -> &Streams {
        &self.streams
    }

    /// Its health at this moment.
    pub fn health(&self) -> Health {
        let counts = *self.counts.borrow();
        Health {
            job: self.heart.job(),
            silence: self.heart.silence(),
            claims_safe: self.heart.is_safe(),
            executor_alive: self.heart.is_executor_alive(),
            complaint: self.heart.complaint(),
            triggers: counts.triggers,
            polling: counts.polling,
            held: counts.held,
            draining: counts.draining,
        }
    }

    /// Waits for the end and returns the summary. After `stop_now`, or on a second call, it may be empty.
    ///
    /// # Errors
    /// The supervisor's own task panicked.
    ///
    /// # Cancel safety
    /// May be dropped and called again.
    pub async fn ended(&mut self) -> Result<Summary, EndError> {
        if let Some(actor) = self.actor.get_mut() {
            let ended = actor.await;
            *self.actor.get_mut() = None;
            self.heart.stop();
            match ended {
                Ok(summary) => self.ended = Some(summary),
                Err(error) if error.is_cancelled() => {}
                Err(_) => return Err(EndError),
            }
        }
        Ok(self.ended.clone().unwrap_or_default())
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        self.stop_now();
    }
}
