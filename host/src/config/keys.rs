//! The one table of keys. File, environment, documentation and `config show` are all made from it, and so are the typed structs.
//!
//! Adding a key is adding a row. Defaults that Airflow has are Airflow's (docs/design/triggerer.md#configuration).

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;
use url::Url;

use super::layers::Layers;
use crate::document::Wanted;
use crate::setting::{Compile, Dialect, Format, Permissions, Setting, Size, Unmapped};

/// A row of the table, as far as it does not depend on the type.
pub(crate) struct Key {
    /// Table of the file.
    pub(crate) section: &'static str,
    /// Key of the file.
    pub(crate) name: &'static str,
    /// For the documentation.
    pub(crate) about: &'static str,
    /// What it takes.
    pub(crate) expected: &'static str,
    /// The default, as TOML; empty: not set.
    pub(crate) default: fn() -> String,
    /// Airflow's own variable for the same thing.
    pub(crate) airflow: Option<&'static str>,
}

impl Key {
    /// The variable of this program.
    pub(crate) fn variable(&self) -> String {
        format!("{}{}__{}", super::PREFIX, screaming(self.section), screaming(self.name))
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
            pub(crate) struct $Section { $($(#[doc = $doc])+ pub(crate) $field: $type,)* }
        )*

        /// Every key with its effective value.
        #[derive(Clone)]
        pub(crate) struct Settings { $(#[doc = $title] pub(crate) $section: $Section,)* }

        /// Tables of the file and what they are about, in the order of the documentation.
        pub(crate) const SECTIONS: &[(&str, &str)] = &[$((stringify!($section), $title),)*];

        /// Every key, in the order of the documentation.
        pub(crate) const KEYS: &[Key] = &[$($(Key {
            section: stringify!($section),
            name: $name,
            about: concat!($($doc),+),
            expected: <$type as Wanted>::EXPECTED,
            default: || { let default: $type = $default; default.show() },
            airflow: airflow!($($airflow)?),
        },)*)*];

        impl Settings {
            /// Every key from the strongest layer that has it; wrong ones are reported in all layers and keep their default.
            pub(super) fn resolve(layers: &mut Layers<'_>) -> Self {
                Self { $($section: $Section {
                    $($field: layers.resolve(stringify!($section), $name, || $default),)*
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
        /// The eight trigger and job endpoints. `run` needs it; with `built-in` it is `runtime-url` when not set.
        "url" url: Option<Url> = None;
        /// Connections, variables, XComs and task states; `url` when not set.
        "runtime-url" runtime_url: Option<Url> = None, airflow "AIRFLOW__CORE__EXECUTION_API_SERVER_URL";
        /// Which server answers: `plugin` is Airflow 3.3 with the plugin or the embedded API, `built-in` an Airflow that has the endpoints itself.
        "dialect" dialect: Dialect = Dialect::Plugin;
        /// A file with a bearer token that something else keeps fresh. Wins over the secrets.
        "token-file" token_file: Option<PathBuf> = None;
        /// A file with the secret that tokens are signed with.
        "jwt-secret-file" jwt_secret_file: Option<PathBuf> = None;
        /// The secret itself, where there is no file for it. Better kept out of the file.
        "jwt-secret" jwt_secret: Option<SecretString> = None, airflow "AIRFLOW__API_AUTH__JWT_SECRET";
        /// A file with the private key that tokens are signed with instead: RSA (RS256) or Ed25519 (EdDSA), PEM, unencrypted.
        "jwt-private-key-file" jwt_private_key_file: Option<PathBuf> = None, airflow "AIRFLOW__API_AUTH__JWT_PRIVATE_KEY_PATH";
        /// `kid` of tokens signed with the private key; its thumbprint when not set.
        "jwt-key-id" jwt_key_id: Option<String> = None, airflow "AIRFLOW__API_AUTH__JWT_KID";
        /// `aud` of signed tokens; `urn:trigger-host` for the plugin, `runtime-audience` for `built-in`.
        "audience" audience: Option<String> = None;
        /// `sub` of signed tokens: a UUID.
        "subject" subject: String = "00000000-0000-0000-0000-000000000000".into();
        /// `iss` of signed tokens; left out when not set.
        "issuer" issuer: Option<String> = None, airflow "AIRFLOW__API_AUTH__JWT_ISSUER";
        /// Life of signed tokens.
        "token-life" token_life: Duration = seconds(600), airflow "AIRFLOW__EXECUTION_API__JWT_EXPIRATION_TIME";
        /// A token file for `runtime-url`, where it wants another token than `url`.
        "runtime-token-file" runtime_token_file: Option<PathBuf> = None;
        /// A file with the secret for `runtime-url`, where it is another one.
        "runtime-jwt-secret-file" runtime_jwt_secret_file: Option<PathBuf> = None;
        /// `aud` of tokens signed for `runtime-url`.
        "runtime-audience" runtime_audience: String = "urn:airflow.apache.org:task".into(), airflow "AIRFLOW__EXECUTION_API__JWT_AUDIENCE";
        /// The most one call may take.
        "timeout" timeout: Duration = seconds(5), airflow "AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT";
        /// The most one heartbeat may take; heartbeats have connections of their own.
        "heartbeat-timeout" heartbeat_timeout: Duration = seconds(3);
        /// An HTTP proxy for calls to the API. The usual proxy variables are never read.
        "proxy" proxy: Option<Url> = None;
        /// Keys for encrypted arguments, separated by commas, newest first. Not needed with the plugin, which decrypts.
        "fernet-key" fernet_key: Option<SecretString> = None, airflow "AIRFLOW__CORE__FERNET_KEY";
        /// A file with the same.
        "fernet-key-file" fernet_key_file: Option<PathBuf> = None;
    }
    /// The host: which triggers it takes and how it runs them.
    host: Host {
        /// The catalog.
        "catalog" catalog: PathBuf = "triggers.toml".into();
        /// The name it registers under, from which the api-server fetches logs; the machine's when not set.
        "hostname" hostname: Option<String> = None;
        /// Most triggers held at once.
        "capacity" capacity: NonZeroUsize = count(1000), airflow "AIRFLOW__TRIGGERER__CAPACITY";
        /// Only triggers of these queues; those without a queue when not set. As a triggerer's `--queues`.
        "queues" queues: Option<Vec<String>> = None;
        /// Only triggers of this team. As a triggerer's `--team-name`.
        "team" team: Option<String> = None;
        /// Period of the heartbeat.
        "heartbeat-every" heartbeat_every: Duration = seconds(5), airflow "AIRFLOW__TRIGGERER__JOB_HEARTBEAT_SEC";
        /// Silence after which a host counts as dead. The same for all hosts and triggerers.
        "health-check-threshold" health_check_threshold: Duration = seconds(30), airflow "AIRFLOW__TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD";
        /// Silence of the executor after which heartbeats stop, so that another host takes over; `0s` for never.
        "watchdog" watchdog: Duration = seconds(10), airflow "AIRFLOW__TRIGGERER__RUNNER_HEALTH_CHECK_THRESHOLD";
        /// Bound on one `on-kill`.
        "on-kill-timeout" on_kill_timeout: Duration = seconds(30), airflow "AIRFLOW__TRIGGERER__ON_KILL_TIMEOUT";
        /// No event of a deferred task's trigger leaves earlier than this after its claim. Airflow 3.3 fails tasks that are resumed before it has heard of their deferral, which was seen to take up to 6 s: `8s` covers that, or Airflow's `[workers] min_heartbeat_interval` set to 1 and `3s`.
        "first-event-after" first_event_after: Duration = Duration::ZERO;
        /// What becomes of a task's trigger that no component is mapped to: `fail` is right where this host has its own queue or team.
        "unmapped" unmapped: Unmapped = Unmapped::Fail;
        /// The same of a callback; another triggerer may be able to run it. An asset's is always held: no one would hear of its failure.
        "unmapped-callbacks" unmapped_callbacks: Unmapped = Unmapped::Hold;
        /// Period of asking for triggers while there is work; up to four times that when there is none.
        "load-every" load_every: Duration = seconds(1);
        /// Period of the clean-up when nothing fired or failed. Where no triggerer of Airflow's runs (it cleans up each second), a user's kill is seen and `on-kill` called as late as this; each is a few statements of the database.
        "cleanup-every" cleanup_every: Duration = seconds(30);
        /// How long to try to register at the start before giving up.
        "register-within" register_within: Duration = seconds(300);
        /// Events, failures and checkpoints in flight at once.
        "deliveries" deliveries: NonZeroUsize = count(8);
        /// Triggers asked for in one request.
        "workload-slice" workload_slice: NonZeroUsize = count(50);
    }
    /// How the host ends on SIGTERM. Each bound is for one step, in this order.
    drain: Drain {
        /// For calls that are running.
        "polls" polls: Duration = seconds(10);
        /// For events, failures and checkpoints that are queued.
        "deliveries" deliveries: Duration = seconds(10);
        /// For the request that completes the Job.
        "complete" complete: Duration = seconds(5);
    }
    /// The sandbox that guests run in.
    sandbox: SandboxKeys {
        /// Guests that run at once. Each reserves about 4 GiB of address space and, warm, up to 1 MiB of memory. Filters of shared streams stay
        /// between their batches in four times as many places beside these, which reserve as much each, while their memories together are at
        /// most 8 MiB for each of this number.
        "live-instances" live_instances: NonZeroUsize = count(256);
        /// Threads that run guests.
        "workers" workers: NonZeroUsize = count(2);
        /// Most linear memory of one guest, whatever the catalog says.
        "max-memory" max_memory: Size = Size::mib(64);
        /// How often a running guest is looked at.
        "tick" tick: Duration = Duration::from_millis(2);
        /// Folder for compiled code, writable by the host alone; `trigger-host` in the user's cache folder when not set.
        "cache" cache: Option<PathBuf> = None;
        /// Where components are compiled.
        "compile" compile: Compile = Compile::Child;
    }
    /// The guests' way out.
    egress: Egress {
        /// Requests of all guests in flight at once.
        "total-in-flight" total_in_flight: NonZeroUsize = count(256);
    }
    /// The logs of triggers, where the api-server reads them.
    logs: Logs {
        /// The folder that log paths of the API are below; no logs are written when not set.
        "folder" folder: Option<PathBuf> = None, airflow "AIRFLOW__LOGGING__BASE_LOG_FOLDER";
        /// Where a task's log is below it, when the API does not say: as Airflow's, of which placeholders and the default's condition are known.
        "filename-template" filename_template: String = logs::DEFAULT_TEMPLATE.into(), airflow "AIRFLOW__LOGGING__LOG_FILENAME_TEMPLATE";
        /// Permissions of new files, before the umask.
        "file-mode" file_mode: Permissions = Permissions(0o664), airflow "AIRFLOW__LOGGING__FILE_TASK_HANDLER_NEW_FILE_PERMISSIONS";
        /// Permissions of new folders, before the umask.
        "folder-mode" folder_mode: Permissions = Permissions(0o775), airflow "AIRFLOW__LOGGING__FILE_TASK_HANDLER_NEW_FOLDER_PERMISSIONS";
        /// What the lines of one trigger may fill of its file; later ones are dropped and counted.
        "max-file" max_file: Size = Size::mib(16);
        /// Where the log server listens, for the api-server to reach at `host.hostname`; none when not set. Needs a secret.
        "listen" listen: Option<SocketAddr> = None, airflow "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT";
        /// A file with the secret that the api-server signs its requests for logs with.
        "secret-key-file" secret_key_file: Option<PathBuf> = None;
        /// The secret itself.
        "secret-key" secret_key: Option<SecretString> = None, airflow "AIRFLOW__API__SECRET_KEY";
    }
    /// Health, readiness, metrics and shared streams.
    admin: Admin {
        /// Where `/health`, `/ready`, `/metrics` and `/streams` are served; nowhere when not set.
        "listen" listen: Option<SocketAddr> = Some(loopback(9180));
    }
    /// The host's own log lines, on standard error.
    tracing: Tracing {
        /// What is written: a level, or `target=level` separated by commas.
        "filter" filter: String = "info".into();
        /// Their form.
        "format" format: Format = Format::Human;
    }
}
