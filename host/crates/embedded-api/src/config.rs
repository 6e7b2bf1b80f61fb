//! What an embedded API is opened with.
//!
//! Two clocks, because a virtual run jumps hours while the hosts that use it live in real time: `clock` is what
//! triggers see (deferral, `timeout_after`, acceptance times), `real` is what hosts and tokens live by (heartbeats,
//! `exp`). A jump of the first never makes a host look dead.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use secrecy::SecretString;
use trigger_host_types::{Clock, SystemClock, UnixMs};

/// How a [`crate::EmbeddedApi`] behaves. `Config::default()` is an open server in memory on the machine's clock.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where the rows are.
    pub database: Database,
    /// The time that triggers and tasks live by.
    pub clock: Arc<dyn Clock>,
    /// The time that heartbeats and tokens live by; never jumps.
    pub real: Arc<dyn Clock>,
    /// Who may call `/execution/`.
    pub auth: Auth,
    /// Most triggers one `load` claims of each of the three classes. Airflow's
    /// `[triggerer] max_trigger_to_select_per_loop`.
    pub claims_per_class: u32,
    /// Whether the extensions over the eight plain endpoints are there; without them the server answers as the bare API
    /// does.
    pub extensions: bool,
    /// Whether `event-batch` is one of them.
    pub event_batch: bool,
    /// Give the id of the newest deleted trigger to the next one, as Airflow on SQLite does. Else no id comes twice.
    pub reuse_ids: bool,
    /// Most bytes the database may take; above it writes get the answer of a database in trouble. `None`: as the disk
    /// allows.
    pub max_database: Option<u64>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            database: Database::Memory,
            clock: Arc::new(SystemClock),
            real: Arc::new(SteadyClock::start()),
            auth: Auth::Open,
            claims_per_class: 50,
            extensions: true,
            event_batch: true,
            reuse_ids: false,
            max_database: None,
        }
    }
}

/// Where the rows are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Database {
    /// Gone with the server.
    Memory,
    /// A SQLite file in WAL mode, created when absent. What was accepted survives a killed process.
    File(PathBuf),
}

/// Who may call `/execution/`. See docs/design/execution-api.md#tokens.
#[derive(Debug, Clone)]
pub enum Auth {
    /// Everybody; a token is not looked at and every caller is the all-zero subject.
    Open,
    /// Holders of a token signed with the secret.
    Secret(Secret),
}

/// What tokens are checked against and renewed with.
#[derive(Clone)]
pub struct Secret {
    /// The HS512 secret, `[api_auth] jwt_secret`.
    pub secret: SecretString,
    /// The audience a token must name.
    pub audience: String,
    /// The issuer a token must name, when there is one.
    pub issuer: Option<String>,
    /// How far clocks may be apart.
    pub leeway: Duration,
    /// How long a renewed token lives.
    pub life: Duration,
}

impl Secret {
    /// Airflow's defaults around a secret: audience `urn:airflow.apache.org:task`, no issuer, 10 s leeway, 600 s life.
    pub fn new(secret: SecretString) -> Self {
        Self {
            secret,
            audience: "urn:airflow.apache.org:task".to_owned(),
            issuer: None,
            leeway: Duration::from_secs(10),
            life: Duration::from_secs(600),
        }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secret").field("audience", &self.audience).field("issuer", &self.issuer).finish_non_exhaustive()
    }
}

/// The wall clock read once, then carried on by the monotonic one: comparable across restarts, and never set back while
/// it runs.
#[derive(Debug, Clone, Copy)]
pub struct SteadyClock {
    start: UnixMs,
    since: Instant,
}

impl SteadyClock {
    /// Reads the wall clock.
    pub fn start() -> Self {
        Self { start: SystemClock.now(), since: Instant::now() }
    }
}

impl Clock for SteadyClock {
    fn now(&self) -> UnixMs {
        self.start.saturating_add(u64::try_from(self.since.elapsed().as_millis()).unwrap_or(u64::MAX))
    }
}
