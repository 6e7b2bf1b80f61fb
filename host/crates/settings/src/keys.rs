//! The one table of keys. File, environment, documentation and `config show` are all made from it, and so are the typed
//! structs.
//!
//! Adding a key is adding a row. Defaults that Airflow has are Airflow's (docs/design/triggerer.md#configuration).

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;
use url::Url;

use crate::document::Wanted;
use crate::setting::{Compile, Dialect, Format, Permissions, Setting, Size, Unmapped};

/// Every variable of this program begins with it.
pub(crate) const PREFIX: &str = "TRIGGER_HOST__";
/// Every variable of Airflow begins with it.
pub(crate) const AIRFLOW_PREFIX: &str = "AIRFLOW__";

/// Airflow 3.3's default of `[logging] log_filename_template`.
pub const LOG_FILENAME_TEMPLATE: &str = "dag_id={{ ti.dag_id }}/run_id={{ ti.run_id }}/task_id={{ ti.task_id }}/\
     {% if ti.map_index >= 0 %}map_index={{ ti.map_index }}/{% endif %}attempt={{ try_number|default(ti.try_number) }}.log";

/// Where values come from while the table is gone through.
pub(crate) trait Resolve {
    /// The value of one key, or its default.
    fn resolve<T: Setting>(&mut self, section: &'static str, name: &'static str, default: fn() -> T) -> T;
}

/// A row of the table, as far as it does not depend on the type.
pub struct Key {
    /// Table of the file.
    pub section: &'static str,
    /// Key of the file.
    pub name: &'static str,
    /// For the documentation.
    pub about: &'static str,
    /// What it takes.
    pub expected: &'static str,
    /// The default, as TOML; empty: not set.
    pub default: fn() -> String,
    /// Airflow's own variable for the same thing.
    pub airflow: Option<&'static str>,
}

impl Key {
    /// The variable of this program.
    pub fn variable(&self) -> String {
        format!("{}{}__{}", PREFIX, screaming(self.section), screaming(self.name))
    }
}

fn screaming(name: &str) -> String {
    name.to_uppercase().replace('-', "_")
}

macro_rules! airflow {
    () => {
        None
    };
    ($name:literal) => {
        Some($name)
    };
}

macro_rules! settings {
    ($(
        #[doc = $title:literal]
        $section:ident: $Section:ident {
            $($(#[doc = $doc:literal])+ $name:literal $field:ident: $type:ty = $default:expr $(, airflow $airflow:literal)?;)*
        }
    )*) => {
        $(
            #[doc = $title]
            #[derive(Clone)]
            pub struct $Section { $($(#[doc = $doc])+ pub $field: $type,)* }
        )*

        /// Every key with its effective value.
        #[derive(Clone)]
        pub struct Settings { $(#[doc = $title] pub $section: $Section,)* }

        /// Tables of the file and what they are about, in the order of the documentation.
        pub const SECTIONS: &[(&str, &str)] = &[$((stringify!($section), $title),)*];

        /// Every key, in the order of the documentation.
        pub const KEYS: &[Key] = &[$($(Key {
            section: stringify!($section),
            name: $name,
            about: concat!($($doc),+),
            expected: <$type as Wanted>::EXPECTED,
            default: || { let default: $type = $default; default.show() },
            airflow: airflow!($($airflow)?),
        },)*)*];

        impl Settings {
            /// Every key from where values come from.
            pub(crate) fn resolve(from: &mut impl Resolve) -> Self {
                Self { $($section: $Section {
                    $($field: from.resolve(stringify!($section), $name, || $default),)*
                },)* }
            }
        }
    };
}

const fn count(number: usize) -> NonZeroUsize {
    match NonZeroUsize::new(number) {
        Some(count) => count,
        None => NonZeroUsize::MIN,
    }
}

const fn seconds(number: u64) -> Duration {
    Duration::from_secs(number)
}

fn loopback(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}

settings! {
    /// The Execution API: where triggers come from and events go.
    api: Api {
        /// URL of the eight trigger and job endpoints. `run` requires it; with `built-in` it defaults to `runtime-url`.
        "url" url: Option<Url> = None;
        /// URL for connections, variables, XComs and task states. Defaults to `url`.
        "runtime-url" runtime_url: Option<Url> = None, airflow "AIRFLOW__CORE__EXECUTION_API_SERVER_URL";
        /// The kind of server: `plugin` is Airflow 3.3 with the plugin, or the embedded API; `built-in` is an Airflow
        /// that has the endpoints itself.
        "dialect" dialect: Dialect = Dialect::Plugin;
        /// File with a bearer token that something else keeps fresh. Takes precedence over the secrets.
        "token-file" token_file: Option<PathBuf> = None;
        /// File with the secret that signs tokens.
        "jwt-secret-file" jwt_secret_file: Option<PathBuf> = None;
        /// The secret that signs tokens, if it is not in a file of its own. Prefer `jwt-secret-file`.
        "jwt-secret" jwt_secret: Option<SecretString> = None, airflow "AIRFLOW__API_AUTH__JWT_SECRET";
        /// File with a private key that signs tokens instead of a secret: RSA (RS256) or Ed25519 (EdDSA), as
        /// unencrypted PEM.
        "jwt-private-key-file" jwt_private_key_file: Option<PathBuf> = None, airflow "AIRFLOW__API_AUTH__JWT_PRIVATE_KEY_PATH";
        /// `kid` of tokens signed with the private key. Defaults to the thumbprint of the key.
        "jwt-key-id" jwt_key_id: Option<String> = None, airflow "AIRFLOW__API_AUTH__JWT_KID";
        /// `aud` of signed tokens. Defaults to `urn:trigger-host` for the plugin and to `runtime-audience` for
        /// `built-in`.
        "audience" audience: Option<String> = None;
        /// `sub` of signed tokens. Must be a UUID.
        "subject" subject: String = "00000000-0000-0000-0000-000000000000".into();
        /// `iss` of signed tokens. Omitted when not set.
        "issuer" issuer: Option<String> = None, airflow "AIRFLOW__API_AUTH__JWT_ISSUER";
        /// How long signed tokens are valid.
        "token-life" token_life: Duration = seconds(600), airflow "AIRFLOW__EXECUTION_API__JWT_EXPIRATION_TIME";
        /// Token file for `runtime-url`, if it needs a different token than `url`.
        "runtime-token-file" runtime_token_file: Option<PathBuf> = None;
        /// File with the secret for `runtime-url`, if it differs from that for `url`.
        "runtime-jwt-secret-file" runtime_jwt_secret_file: Option<PathBuf> = None;
        /// `aud` of tokens that are signed for `runtime-url`.
        "runtime-audience" runtime_audience: String = "urn:airflow.apache.org:task".into(), airflow "AIRFLOW__EXECUTION_API__JWT_AUDIENCE";
        /// Time limit for one call to the API.
        "timeout" timeout: Duration = seconds(5), airflow "AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT";
        /// Time limit for one heartbeat. Heartbeats use connections of their own.
        "heartbeat-timeout" heartbeat_timeout: Duration = seconds(3);
        /// HTTP proxy for calls to the API. The usual proxy variables are never read.
        "proxy" proxy: Option<Url> = None;
        /// Fernet keys that decrypt kwargs, separated by commas, newest first. Not needed with the plugin, which
        /// decrypts them.
        "fernet-key" fernet_key: Option<SecretString> = None, airflow "AIRFLOW__CORE__FERNET_KEY";
        /// File with the Fernet keys.
        "fernet-key-file" fernet_key_file: Option<PathBuf> = None;
    }
    /// The host: which triggers it claims and how it runs them.
    host: Host {
        /// The catalog file.
        "catalog" catalog: PathBuf = "triggers.toml".into();
        /// The name the host registers under; the api-server fetches logs from it. Defaults to the name of the machine.
        "hostname" hostname: Option<String> = None;
        /// How many triggers the host holds at most.
        "capacity" capacity: NonZeroUsize = count(1000), airflow "AIRFLOW__TRIGGERER__CAPACITY";
        /// Claim only triggers of these queues; when not set, only triggers without a queue. Like `--queues` of
        /// Airflow's triggerer.
        "queues" queues: Option<Vec<String>> = None;
        /// Claim only triggers of this team. Like `--team-name` of Airflow's triggerer.
        "team" team: Option<String> = None;
        /// How often the host sends a heartbeat.
        "heartbeat-every" heartbeat_every: Duration = seconds(5), airflow "AIRFLOW__TRIGGERER__JOB_HEARTBEAT_SEC";
        /// How long a host can go without a heartbeat before it counts as dead. Use the same value for all hosts and
        /// triggerers.
        "health-check-threshold" health_check_threshold: Duration = seconds(30), airflow "AIRFLOW__TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD";
        /// How long the executor can be stuck before the host stops its heartbeats, so that another host takes over;
        /// `0s` means never.
        "watchdog" watchdog: Duration = seconds(10), airflow "AIRFLOW__TRIGGERER__RUNNER_HEALTH_CHECK_THRESHOLD";
        /// Time limit for one `on-kill` call.
        "on-kill-timeout" on_kill_timeout: Duration = seconds(30), airflow "AIRFLOW__TRIGGERER__ON_KILL_TIMEOUT";
        /// How long after a claim the first event of a deferred task's trigger is held back. Airflow 3.3 fails tasks
        /// that are resumed before it has heard of their deferral, which has been seen to take up to 6 s: set this to
        /// `8s`, or to `3s` with Airflow's `[workers] min_heartbeat_interval` set to 1.
        "first-event-after" first_event_after: Duration = Duration::ZERO;
        /// What to do with a task's trigger that no component is mapped to: `fail` it, which is right if this host has
        /// its own queue or team, or `hold` it.
        "unmapped" unmapped: Unmapped = Unmapped::Fail;
        /// The same for a callback, which another triggerer may be able to run. An asset's trigger is always held,
        /// because nobody would hear of its failure.
        "unmapped-callbacks" unmapped_callbacks: Unmapped = Unmapped::Hold;
        /// How often to ask for triggers while there is work; without work the interval grows to four times this.
        "load-every" load_every: Duration = seconds(1);
        /// How often to clean up while nothing fires or fails. If no Airflow triggerer runs (it cleans up every
        /// second), this is how late `on-kill` can be called after a user kills a task. Each clean-up is a few database
        /// statements.
        "cleanup-every" cleanup_every: Duration = seconds(30);
        /// How long to keep trying to register at the start before giving up.
        "register-within" register_within: Duration = seconds(300);
        /// How many events, failures and checkpoints are sent at the same time.
        "deliveries" deliveries: NonZeroUsize = count(8);
        /// How many workloads to ask for in one request.
        "workload-slice" workload_slice: NonZeroUsize = count(50);
    }
    /// How the host shuts down on SIGTERM. Each limit is for one step, in this order.
    drain: Drain {
        /// Time for running calls to finish.
        "polls" polls: Duration = seconds(10);
        /// Time to send queued events, failures and checkpoints.
        "deliveries" deliveries: Duration = seconds(10);
        /// Time for the request that completes the Job.
        "complete" complete: Duration = seconds(5);
    }
    /// The sandbox that guests run in.
    sandbox: SandboxKeys {
        /// How many guests run at the same time. Each reserves about 4 GiB of address space and, once warm, up to 1 MiB
        /// of memory. Filters of shared streams stay alive between batches in four times as many additional slots,
        /// which reserve as much each; together their memory is at most 8 MiB times this number.
        "live-instances" live_instances: NonZeroUsize = count(256);
        /// How many threads run guests.
        "workers" workers: NonZeroUsize = count(2);
        /// Upper limit for the linear memory of one guest, whatever the catalog says.
        "max-memory" max_memory: Size = Size::mib(64);
        /// How often the CPU time of running guests is checked.
        "tick" tick: Duration = Duration::from_millis(2);
        /// Folder for compiled code; only the host may be able to write to it. Defaults to `trigger-host` in the user's
        /// cache folder.
        "cache" cache: Option<PathBuf> = None;
        /// Where components are compiled: in a child process with limits of its own, or in the host.
        "compile" compile: Compile = Compile::Child;
    }
    /// Outgoing HTTP requests of guests.
    egress: Egress {
        /// How many HTTP requests of all guests together are in flight at the same time.
        "total-in-flight" total_in_flight: NonZeroUsize = count(256);
    }
    /// The logs of triggers, for the api-server to read.
    logs: Logs {
        /// The folder for task logs: Airflow's base log folder. When not set, no logs are written.
        "folder" folder: Option<PathBuf> = None, airflow "AIRFLOW__LOGGING__BASE_LOG_FOLDER";
        /// Path of a task's log inside the folder, used when the API does not send one. Written as in Airflow;
        /// placeholders and the condition of the default are supported.
        "filename-template" filename_template: String = LOG_FILENAME_TEMPLATE.into(), airflow "AIRFLOW__LOGGING__LOG_FILENAME_TEMPLATE";
        /// Permissions of new files, before the umask.
        "file-mode" file_mode: Permissions = Permissions(0o664), airflow "AIRFLOW__LOGGING__FILE_TASK_HANDLER_NEW_FILE_PERMISSIONS";
        /// Permissions of new folders, before the umask.
        "folder-mode" folder_mode: Permissions = Permissions(0o775), airflow "AIRFLOW__LOGGING__FILE_TASK_HANDLER_NEW_FOLDER_PERMISSIONS";
        /// How much one trigger may write to its log. Later lines are dropped and counted.
        "max-file" max_file: Size = Size::mib(16);
        /// Where the log server listens; the api-server must be able to reach it at `host.hostname`. Requires a secret.
        /// When not set, no logs are served.
        "listen" listen: Option<SocketAddr> = None, airflow "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT";
        /// File with the secret that the api-server signs its log requests with.
        "secret-key-file" secret_key_file: Option<PathBuf> = None;
        /// The secret that the api-server signs its log requests with. Prefer `secret-key-file`.
        "secret-key" secret_key: Option<SecretString> = None, airflow "AIRFLOW__API__SECRET_KEY";
    }
    /// Health, readiness, metrics and shared streams.
    admin: Admin {
        /// Where `/health`, `/ready`, `/metrics` and `/streams` are served.
        "listen" listen: Option<SocketAddr> = Some(loopback(9180));
    }
    /// The host's own log lines, on standard error.
    tracing: Tracing {
        /// Which lines are written: a level, or `target=level` pairs separated by commas.
        "filter" filter: String = "info".into();
        /// The format of the lines.
        "format" format: Format = Format::Human;
    }
}
