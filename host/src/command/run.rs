//! `run`: the daemon. Checks everything at the start, then claims and runs until it is told to end.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use sandbox::Sandbox;
use settings::{Environment, Problem, Problems, Settings, Shown, locate};
use supervisor::{Health, Parts, Supervisor, Time};
use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;
use trigger_host_types::SystemClock;

use crate::admin::Seen;
use crate::arguments::Run;
use crate::catalog::{self, Unlocked};
use crate::config::{self, settle};
use crate::exit::{Ended, Exit};
use crate::signals::{Signals, Wish};
use crate::trigger_logs::Logs;
use crate::{admin, diagnostics, host, metrics};

/// How old the answer of the admin port may be.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// How long open calls of the admin port may take at the end.
const ADMIN_END: Duration = Duration::from_secs(1);

/// Runs the command.
///
/// # Errors
/// Everything that is wrong at the start, all at once; an API that refuses or cannot be reached.
pub(crate) fn run(arguments: &Run) -> Ended {
    let read = config::read(arguments.config.config.as_deref(), &Environment, &arguments.flags())?;
    let (settings, mut problems) = (read.settings, read.problems);
    diagnostics::start(&settings);
    let client = config::client(&settings, &read.shown, &mut problems);
    let runtime = host::runtime()?;
    runtime.block_on(async {
        let signals = Signals::listen()?;
        let slots = settings.sandbox.live_instances.get();
        let sandbox = host::sandbox(&settings, slots, Arc::new(SystemClock), &Environment)?;
        let classes = classes(&sandbox, &settings, &mut problems).await;
        let listener = admin_listener(&settings, &read.shown, &mut problems).await;
        let logs = Logs::open(&settings, &read.shown, Arc::new(SystemClock), &mut problems).await;
        settle(problems)?;
        // Both are there when nothing is wrong.
        let (Some(client), Some(classes)) = (client, classes) else { return Ok(Exit::Own) };
        let client = execution_api::Client::new(client)?;
        Daemon { settings, sandbox, signals, logs }.run(client, classes, listener).await
    })
}

/// The catalog, ready to run; what is wrong goes to `problems`.
async fn classes(sandbox: &Sandbox, settings: &Settings, problems: &mut Problems) -> Option<supervisor::Catalog> {
    match catalog::read(&settings.host.catalog, problems) {
        Ok(catalog) => {
            let ready = catalog::ready(&catalog, Unlocked::Refused, problems);
            Some(catalog::load(sandbox, &catalog, &ready, settings, problems).await)
        }
        Err(more) => {
            problems.append(more);
            None
        }
    }
}

async fn admin_listener(
    settings: &Settings,
    shown: &[Shown],
    problems: &mut Problems,
) -> Option<(TcpListener, SocketAddr)> {
    match host::listen(settings.admin.listen?).await {
        Ok(listening) => Some(listening),
        Err(error) => {
            problems.error(locate(shown, "admin", "listen", format!("{error:#}")));
            None
        }
    }
}

struct Daemon {
    settings: Settings,
    sandbox: Sandbox,
    signals: Signals,
    logs: Logs,
}

impl Daemon {
    async fn run(
        mut self,
        client: execution_api::Client,
        classes: supervisor::Catalog,
        listener: Option<(TcpListener, SocketAddr)>,
    ) -> Ended {
        let metrics = metrics::record()?;
        let own = listener.iter().map(|(_, address)| *address).chain(self.logs.address()).collect();
        let broker = host::broker(&self.settings, own)?;
        let supervision = host::supervision(&self.settings);
        let parts = Parts {
            client,
            sandbox: self.sandbox.clone(),
            broker,
            catalog: Arc::new(classes),
            keys: config::fernet(&self.settings)?,
            time: Time::Real,
            observer: Arc::new(self.logs.recorder(supervision.hostname.clone())),
            masker: self.logs.masker.clone(),
        };
        let (health, asked) = watch::channel(None);
        let (streams, shown) = watch::channel(None);
        let seen = Seen { health: asked, streams: shown, metrics, masker: self.logs.masker.clone() };
        let (stop, stopped) = oneshot::channel::<()>();
        let admin = listener.map(|(listener, address)| {
            tracing::info!(%address, "The admin port is listening.");
            tokio::spawn(admin::serve(listener, seen, async move {
                // A sender that is gone says the same.
                let _ = stopped.await;
            }))
        });
        let serving = self.logs.serve();
        let supervisor = Supervisor::start(supervision, parts);
        let supervisor = tokio::select! {
            started = supervisor => started?,
            // Nothing is claimed yet.
            () = self.asked_to_end() => return Ok(Exit::Done),
        };
        streams.send_replace(Some(supervisor.streams().clone()));
        let exit = self.watch(supervisor, &health).await;
        self.logs.flush();
        let exit = exit?;
        drop(stop);
        if let Some(serving) = serving {
            serving.stop().await;
        }
        if let Some(admin) = admin {
            let _ = tokio::time::timeout(ADMIN_END, admin).await;
        }
        Ok(exit)
    }

    /// Until the supervisor has ended, or a second signal.
    async fn watch(&mut self, mut supervisor: Supervisor, health: &watch::Sender<Option<Health>>) -> Ended {
        let mut look = tokio::time::interval(LOOK_EVERY);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut ending, mut reading) = (false, None);
        loop {
            // Every branch may be dropped: the supervisor's end, signals and the catalog that is being read stay where
            // they are.
            tokio::select! {
                ended = supervisor.ended() => {
                    ended?;
                    tracing::info!("The host has ended.");
                    return Ok(Exit::Done);
                }
                wish = self.signals.next() => match (wish, ending) {
                    (Wish::Reload, _) => reading = Some(self.read_again()),
                    (Wish::End, false) => {
                        tracing::info!("The host is draining; another signal ends it at once.");
                        ending = true;
                        supervisor.drain();
                    }
                    (Wish::End, true) => {
                        supervisor.stop_now();
                        return Ok(Exit::Failed);
                    }
                },
                read = read(&mut reading) => reload(&supervisor, read),
                _ = look.tick() => {
                    health.send_replace(Some(supervisor.health()));
                }
            }
        }
    }

    /// Reads the catalog aside: compiling may take a while, and signals must not wait for it.
    fn read_again(&self) -> Reading {
        let (sandbox, settings) = (self.sandbox.clone(), self.settings.clone());
        tokio::spawn(async move {
            let mut problems = Problems::default();
            let classes = classes(&sandbox, &settings, &mut problems).await;
            (classes, problems)
        })
    }

    async fn asked_to_end(&mut self) {
        while self.signals.next().await != Wish::End {}
    }
}

/// A catalog that is being read.
type Reading = JoinHandle<(Option<supervisor::Catalog>, Problems)>;

/// The catalog that was being read; waits for ever when there is none.
async fn read(reading: &mut Option<Reading>) -> (Option<supervisor::Catalog>, Problems) {
    let Some(task) = reading else { return std::future::pending().await };
    let read = task.await;
    *reading = None;
    read.unwrap_or_else(|error| {
        let mut problems = Problems::default();
        problems.error(Problem::key("host.catalog", format!("cannot read the catalog: {error}")));
        (None, problems)
    })
}

/// Takes the catalog over; one with problems is refused as a whole.
fn reload(supervisor: &Supervisor, (classes, problems): (Option<supervisor::Catalog>, Problems)) {
    for problem in problems.warnings() {
        tracing::warn!("{problem}");
    }
    for problem in problems.errors() {
        tracing::error!("{problem}");
    }
    match classes.filter(|_| !problems.is_fatal()) {
        Some(classes) => {
            supervisor.reload(Arc::new(classes));
            tracing::info!("The catalog was read again.");
        }
        None => tracing::error!("The catalog was read again, but has errors; the old one stays in use."),
    }
}
