//! `dev`: the embedded Execution API and the host in one process, each trigger's life shown as it happens.

use std::io::IsTerminal as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use embedded_api::{Database, Defer, EmbeddedApi, Happened};
use logs::Masker;
use sandbox::Sandbox;
use settings::{Environment, Problems, Settings, Variables as _};
use supervisor::{Parts, Supervisor, Time};
use tokio::sync::{broadcast, oneshot};
use tokio::task::JoinHandle;
use trigger_host_types::{Clock, SystemClock, VirtualClock};

use crate::arguments::Dev;
use crate::catalog::{self, Unlocked};
use crate::config::{self, settle};
use crate::exit::{Ended, Exit, Failure, OrExit as _};
use crate::signals::{Signals, Wish};
use crate::view::{Event, Shown, Step, Style, View};
use crate::{defer, diagnostics, host};

/// The embedded API is on this machine: asking it often costs little.
const LOAD_EVERY: Duration = Duration::from_millis(100);
/// How long after a step it is looked whether any trigger still waits, when nothing else happens.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Runs the command until nothing waits (`--until-idle`) or a signal.
///
/// # Errors
/// Anything wrong with the files, or an address that cannot be listened on.
pub(crate) fn run(arguments: &Dev) -> Ended {
    let mut settings = config::read_environment(&Environment)?;
    settings.host.load_every = LOAD_EVERY;
    diagnostics::start(&settings);
    let mut problems = Problems::default();
    let catalog = catalog::read(&arguments.catalog, &mut problems)?;
    let ready = catalog::ready(&catalog, Unlocked::Warned, &mut problems);
    let triggers =
        arguments.defer.iter().map(|file| (file.as_path(), defer::read(file, &catalog, &mut problems))).collect();
    let time = Clocks::new(arguments.virtual_time);
    let runtime = host::runtime().or_exit(Exit::Own)?;
    runtime.block_on(async {
        let signals = Signals::listen().or_exit(Exit::Own)?;
        let slots = settings.sandbox.live_instances.get();
        let sandbox = host::sandbox(&settings, slots, Arc::clone(&time.clock), &Environment).or_exit(Exit::Usage)?;
        let classes = catalog::load(&sandbox, &catalog, &ready, &settings, &mut problems).await;
        settle(problems)?;
        let server = Server::start(arguments, &settings, &time).await?;
        Development { arguments, settings, sandbox, server, signals, time }.run(classes, triggers).await
    })
}

/// The time that triggers live by.
struct Clocks {
    clock: Arc<dyn Clock>,
    jumping: Option<Arc<VirtualClock>>,
}

impl Clocks {
    fn new(is_virtual: bool) -> Self {
        if !is_virtual {
            return Self { clock: Arc::new(SystemClock), jumping: None };
        }
        let jumping = Arc::new(VirtualClock::new(SystemClock.now()));
        Self { clock: Arc::clone(&jumping) as Arc<dyn Clock>, jumping: Some(jumping) }
    }
}

/// The embedded API, listening.
struct Server {
    api: EmbeddedApi,
    address: std::net::SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Server {
    async fn start(arguments: &Dev, settings: &Settings, time: &Clocks) -> Result<Self, Failure> {
        let (listener, address) = host::listen(arguments.listen).await.context("--listen").or_exit(Exit::Usage)?;
        let database = arguments.db.clone().map_or(Database::Memory, Database::File);
        // One host: nothing is gained by handing triggers out in small portions.
        let claims_per_class = u32::try_from(settings.host.capacity.get()).unwrap_or(u32::MAX);
        let clock = Arc::clone(&time.clock);
        let config = embedded_api::Config { database, clock, claims_per_class, ..embedded_api::Config::default() };
        let api = EmbeddedApi::open(config).map_err(|error| anyhow!(error)).or_exit(Exit::Usage)?;
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(api.clone().serve(listener, async move {
            // A sender that is gone says the same.
            let _ = stopped.await;
        }));
        eprintln!("The embedded Execution API listens on {}", host::api_url(address));
        Ok(Self { api, address, stop, task })
    }

    async fn stop(self) {
        let _ = self.stop.send(());
        let _ = self.task.await;
    }
}

/// Everything that is needed to run, in one place.
struct Development<'a> {
    arguments: &'a Dev,
    settings: Settings,
    sandbox: Sandbox,
    server: Server,
    signals: Signals,
    time: Clocks,
}

impl Development<'_> {
    async fn run(mut self, classes: supervisor::Catalog, triggers: Vec<(&Path, Vec<Defer>)>) -> Ended {
        let style = Style { json: self.arguments.output.is_json(), colours: is_colourful() };
        let (view, shown) = View::start(style, Arc::clone(&self.time.clock))?;
        let mut life = self.server.api.subscribe();
        // Before the host is there, so that what was deferred is shown before it is claimed.
        for (file, triggers) in triggers {
            let deferred = self.server.api.defer(alone(triggers)).await;
            deferred.with_context(|| file.display().to_string()).or_exit(Exit::Usage)?;
        }
        drain_life(&mut life, &view);
        let supervisor = self.supervise(classes, view.clone()).await?;
        let forced = self.watch(supervisor, life, view, &shown).await?;
        self.server.stop().await;
        let (tally, lost) = shown.finish()?;
        if lost > 0 {
            eprintln!("warning: {lost} steps were not shown: the reader of standard output is too slow");
        }
        if style.json {
            eprintln!("{}", tally.summary())
        } else {
            crate::out::line(&tally.summary())?
        }
        let failed = forced || (self.arguments.until_idle && !tally.all_fired());
        Ok(if failed { Exit::Failed } else { Exit::Done })
    }

    async fn supervise(&self, classes: supervisor::Catalog, view: View) -> Result<Supervisor, Failure> {
        let address = self.server.address;
        let url = host::api_url(address).parse().map_err(|error| anyhow!("the embedded API has no URL: {error}"))?;
        let client =
            execution_api::Client::new(execution_api::ClientConfig::new(url)).map_err(|error| anyhow!(error))?;
        let broker = host::broker(&self.settings, vec![address]).or_exit(Exit::Own)?;
        let time = self.time.jumping.clone().map_or(Time::Real, Time::Virtual);
        let parts = Parts {
            client,
            sandbox: self.sandbox.clone(),
            broker,
            catalog: Arc::new(classes),
            keys: config::fernet(&self.settings).map_err(|what| anyhow!(what)).or_exit(Exit::Usage)?,
            time,
            observer: Arc::new(view),
            masker: Masker::new(),
        };
        Supervisor::start(host::supervision(&self.settings), parts)
            .await
            .map_err(|error| anyhow!(error))
            .or_exit(Exit::Own)
    }

    /// Until the supervisor has ended. True: a second signal cut the end short.
    async fn watch(
        &mut self,
        mut supervisor: Supervisor,
        mut life: broadcast::Receiver<embedded_api::Life>,
        view: View,
        shown: &Shown,
    ) -> Result<bool, Failure> {
        let mut look = tokio::time::interval(LOOK_EVERY);
        look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut ending = false;
        loop {
            // Every branch may be dropped: the supervisor's end, signals and the API's steps stay where they are.
            tokio::select! {
                ended = supervisor.ended() => {
                    ended.map_err(|error| anyhow!(error))?;
                    drain_life(&mut life, &view);
                    return Ok(false);
                }
                wish = self.signals.next() => match (wish, ending) {
                    (Wish::Reload, _) => {}
                    (Wish::End, true) => {
                        supervisor.stop_now();
                        return Ok(true);
                    }
                    (Wish::End, false) => {
                        ending = true;
                        supervisor.drain();
                    }
                },
                happened = life.recv() => if let Ok(happened) = happened {
                    show(&view, &happened);
                    if matches!(happened.what, Happened::Deferred { .. }) {
                        supervisor.poke();
                    }
                },
                _ = look.tick() => {
                    let idle = self.arguments.until_idle && self.is_idle().await?;
                    if !ending && (idle || shown.is_over()) {
                        ending = true;
                        supervisor.drain();
                    }
                }
            }
        }
    }

    async fn is_idle(&self) -> Result<bool, Failure> {
        Ok(self.server.api.waiting().await.map_err(|error| anyhow!(error))? == 0)
    }
}

/// Without queue and team: the one host of this process is there for all, and `load` cannot ask for all queues.
fn alone(triggers: Vec<Defer>) -> Vec<Defer> {
    triggers.into_iter().map(|trigger| Defer { queue: None, team: None, ..trigger }).collect()
}

fn is_colourful() -> bool {
    std::io::stdout().is_terminal() && Environment.get("NO_COLOR").is_none_or(|value| value.is_empty())
}

fn drain_life(life: &mut broadcast::Receiver<embedded_api::Life>, view: &View) {
    while let Ok(happened) = life.try_recv() {
        show(view, &happened);
    }
}

/// Shows what only the API knows; the rest the supervisor tells better.
fn show(view: &View, happened: &embedded_api::Life) {
    let (classpath, event) = match &happened.what {
        Happened::Deferred { classpath, kind } => (Some(classpath.clone()), Event::Deferred { kind: *kind }),
        Happened::TimedOut { .. } => (None, Event::TimedOut),
        Happened::Cleared => (None, Event::Cleared),
        _ => return,
    };
    view.show(Step { at: happened.at, trigger: happened.trigger, classpath, event });
}
