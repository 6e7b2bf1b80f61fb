//! A whole host in this process: supervisor, sandbox and client against the API at a URL, with an observer that counts.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result};
use broker::{Broker, BrokerConfig};
use encodings::Fernet;
use execution_api::{Client, ClientConfig};
use logs::Masker;
use parking_lot::Mutex;
use sandbox::{Allowed, Config, Limits, Sandbox};
use supervisor::{Catalog, Class, Drain, Observer, Parts, Settings, Supervisor, Time, Unmapped};
use trigger_host_types::step::{Step, StepKind, Subject};
use trigger_host_types::{SystemClock, UnixMs, log};

/// Served by the sample trigger `date_time`.
pub(crate) const AT: &str = "airflow.providers.standard.triggers.temporal.DateTimeTrigger";
/// Served by the test guest that takes kwargs of any size: it waits for a time in milliseconds.
pub(crate) const WAIT: &str = "bench.Wait";
/// The same guest, allowed to burn CPU for as long as it likes.
pub(crate) const LOOP: &str = "bench.Loop";

/// Holds whatever the API hands out.
const CAPACITY: usize = 10_000_000;

/// What happened so far.
#[derive(Default)]
pub(crate) struct Seen {
    pub(crate) polled: AtomicU64,
    pub(crate) fired: AtomicU64,
    pub(crate) failed: AtomicU64,
    /// When the last event was accepted.
    pub(crate) last_fired: AtomicU64,
    /// Of each poll that ended its trigger: milliseconds from due to started, and from due to answered.
    pub(crate) late: Mutex<Vec<(f64, f64)>>,
}

impl Observer for Seen {
    fn observe(&self, _: &Subject, step: &Step) {
        match &step.what {
            StepKind::Polled { late, wall, next, .. } => {
                self.polled.fetch_add(1, Ordering::Relaxed);
                if next.is_none() {
                    let ms = |time: Duration| time.as_secs_f64() * 1e3;
                    self.late.lock().push((ms(*late), ms(*late + *wall)));
                }
            }
            StepKind::Fired { .. } => {
                self.last_fired.store(step.at, Ordering::Relaxed);
                self.fired.fetch_add(1, Ordering::Relaxed);
            }
            StepKind::Failed { .. } => {
                self.failed.fetch_add(1, Ordering::Relaxed);
            }
            _ => {}
        }
    }

    fn log(&self, _: &Subject, _: &log::Line) {}
}

/// A running host.
pub(crate) struct Host {
    pub(crate) supervisor: Supervisor,
    pub(crate) seen: Arc<Seen>,
}

impl Host {
    /// Registers and starts to claim.
    pub(crate) async fn start(url: &str) -> Result<Self> {
        let sandbox = Sandbox::start(Config::new(Arc::new(SystemClock)))?;
        let mut catalog = Catalog::default();
        let hour = Duration::from_secs(3_600);
        let boundless = Limits { cpu: hour, wall: hour, ..Limits::default() };
        for (classpath, guest, limits) in
            [(AT, "date_time", Limits::default()), (WAIT, "hostile", Limits::default()), (LOOP, "hostile", boundless)]
        {
            let wasm = std::fs::read(guest_build::component(guest))?;
            let component = sandbox.load(guest, &wasm, &Allowed::ALL).await?;
            let (classpath, limits) = (classpath.into(), Arc::new(limits));
            catalog.insert(Class { classpath, component, limits, http: Arc::new([]), airflow: Arc::default() });
        }
        let seen = Arc::new(Seen::default());
        let parts = Parts {
            client: Client::new(ClientConfig::new(url.parse()?))?,
            sandbox,
            broker: Broker::new(BrokerConfig::default())?,
            catalog: Arc::new(catalog),
            keys: Fernet::parse("")?,
            time: Time::Real,
            observer: Arc::clone(&seen) as Arc<dyn Observer>,
            masker: Masker::new(),
        };
        let supervisor = Supervisor::start(settings(), parts).await?;
        Ok(Self { supervisor, seen })
    }

    /// Waits until `done`, at most so long.
    pub(crate) async fn until(&self, what: &str, longest: Duration, done: impl Fn(&Seen) -> bool) -> Result<()> {
        let look = async {
            while !done(&self.seen) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let waited = tokio::time::timeout(longest, look).await;
        waited.with_context(|| {
            let seen = &self.seen;
            let (polled, fired) = (seen.polled.load(Ordering::Relaxed), seen.fired.load(Ordering::Relaxed));
            format!(
                "waited {longest:?} for {what} in vain: {polled} polled, {fired} fired, {}",
                seen.failed.load(Ordering::Relaxed)
            )
        })
    }
}

/// As the program's defaults, but for how much is held and how often triggers are asked for.
fn settings() -> Settings {
    Settings {
        hostname: "localhost".into(),
        capacity: CAPACITY,
        queues: None,
        team: None,
        heartbeat_every: Duration::from_secs(5),
        health_check_threshold: Duration::from_secs(30),
        watchdog: Duration::from_secs(10),
        on_kill_timeout: Duration::from_secs(30),
        first_event_after: Duration::ZERO,
        unmapped_tasks: Unmapped::Fail,
        unmapped_callbacks: Unmapped::Hold,
        load_every: Duration::from_millis(500),
        cleanup_every: Duration::from_secs(30),
        live_instances: 256,
        deliveries: 8,
        workload_slice: 50,
        register_within: Duration::from_secs(300),
        drain: Drain {
            polls: Duration::from_secs(10),
            deliveries: Duration::from_secs(10),
            complete: Duration::from_secs(5),
        },
    }
}

/// RFC 3339 text of a time.
pub(crate) fn rfc3339(at: UnixMs) -> Result<String> {
    Ok(jiff::Timestamp::from_millisecond(i64::try_from(at)?)?.to_string())
}
