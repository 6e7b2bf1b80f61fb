//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use settings::Flag;

/// Runs Airflow triggers as sandboxed WebAssembly components.
///
/// Data goes to standard output, everything else to standard error. Exit codes: 0 success; 1 the command ran, but
/// something failed; 2 the command line, a file or the environment has an error; 3 the Execution API refused the host
/// or cannot be reached; 70 internal error.
#[derive(Debug, Parser)]
#[command(name = "trigger-host", version, max_term_width = 100)]
pub(crate) struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Claims triggers from an Execution API and runs them, until SIGTERM.
    Run(Run),
    /// Runs triggers without Airflow, with the embedded Execution API in the same process.
    ///
    /// With `--output json`, each line is one step: `event` is deferred, claimed, polled, fired, failed, finished,
    /// timed-out or cleared, next to `trigger_id`, `classpath`, `at_ms` (milliseconds since 1970 by the triggers'
    /// clock), `elapsed_ms` (since the start) and the details of the event. The summary then goes to standard error.
    Dev(Dev),
    /// Describes a component: its interfaces, what it needs, and what a catalog grants it. Refuses what the host would
    /// refuse.
    Inspect(Inspect),
    /// Pins and checks the components of a catalog.
    #[command(subcommand)]
    Catalog(Catalog),
    /// Checks and shows the configuration.
    #[command(subcommand)]
    Config(Config),
    /// Serves only the embedded Execution API.
    Api(Api),
}

/// `run`.
#[derive(Debug, Args)]
pub(crate) struct Run {
    #[command(flatten)]
    pub(crate) config: ConfigFile,
    /// The catalog; overrides `[host] catalog`.
    #[arg(long, value_name = "FILE")]
    pub(crate) catalog: Option<PathBuf>,
    /// How many triggers to hold at most; overrides `[host] capacity`.
    #[arg(long, value_name = "N")]
    pub(crate) capacity: Option<String>,
    /// Claim only triggers of these queues, separated by commas; overrides `[host] queues`.
    #[arg(long, value_name = "NAMES")]
    pub(crate) queues: Option<String>,
    /// Claim only triggers of this team; overrides `[host] team`.
    #[arg(long, value_name = "NAME")]
    pub(crate) team_name: Option<String>,
}

impl Run {
    /// What was said on the command line, as a layer of the configuration.
    pub(crate) fn flags(&self) -> Vec<Flag> {
        let catalog = self.catalog.as_ref().map(|path| path.display().to_string());
        [
            ("catalog", "--catalog", &catalog),
            ("capacity", "--capacity", &self.capacity),
            ("queues", "--queues", &self.queues),
            ("team", "--team-name", &self.team_name),
        ]
        .into_iter()
        .filter_map(|(name, flag, text)| Some(Flag { section: "host", name, flag, text: text.clone()? }))
        .collect()
    }
}

/// `dev`.
#[derive(Debug, Args)]
pub(crate) struct Dev {
    /// The catalog.
    #[arg(long, value_name = "FILE", default_value = "triggers.toml")]
    pub(crate) catalog: PathBuf,
    /// A JSON list of triggers to create. Can be given several times; more triggers can be posted while it runs.
    #[arg(long, value_name = "FILE")]
    pub(crate) defer: Vec<PathBuf>,
    /// Where the embedded API listens.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    pub(crate) listen: SocketAddr,
    /// Keep triggers in this SQLite file instead of in memory.
    #[arg(long, value_name = "FILE")]
    pub(crate) db: Option<PathBuf>,
    /// Exit when no trigger is waiting any more: with 0 if all fired, otherwise with 1.
    #[arg(long)]
    pub(crate) until_idle: bool,
    /// Let time jump to the next thing that is due, so that nothing has to wait.
    #[arg(long)]
    pub(crate) virtual_time: bool,
    #[command(flatten)]
    pub(crate) output: Output,
}

/// `inspect`.
#[derive(Debug, Args)]
pub(crate) struct Inspect {
    /// A WebAssembly component.
    pub(crate) component: PathBuf,
    /// Also show what this catalog grants it.
    #[arg(long, value_name = "FILE")]
    pub(crate) catalog: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) output: Output,
}

/// `catalog`.
#[derive(Debug, Subcommand)]
pub(crate) enum Catalog {
    /// Writes the digests of the components into the catalog, keeping comments and formatting.
    Lock(CatalogFile),
    /// Checks digests, grants and imports, and reports all problems at once.
    Check(CatalogFile),
}

/// The catalog to work on.
#[derive(Debug, Args)]
pub(crate) struct CatalogFile {
    /// The catalog.
    #[arg(long, value_name = "FILE", default_value = "triggers.toml")]
    pub(crate) catalog: PathBuf,
}

/// `config`.
#[derive(Debug, Subcommand)]
pub(crate) enum Config {
    /// Checks the configuration and reports all problems at once.
    Check(ConfigFile),
    /// Prints the effective values and where each comes from, with secrets as `***`.
    Show(ConfigFile),
    /// Prints the documentation page of all keys.
    #[command(hide = true)]
    Reference,
}

/// The configuration to read.
#[derive(Debug, Args)]
pub(crate) struct ConfigFile {
    /// The configuration file. Defaults to `trigger-host.toml` in the current folder, if it exists.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

/// `api`.
#[derive(Debug, Args)]
pub(crate) struct Api {
    /// Keep triggers in this SQLite file, given as a path or `sqlite:PATH`, instead of in memory.
    #[arg(long, value_name = "URL")]
    pub(crate) db: Option<String>,
    /// Where to listen.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    pub(crate) listen: SocketAddr,
    /// Require tokens that are signed with the secret in this file.
    #[arg(long, value_name = "FILE")]
    pub(crate) jwt_secret_file: Option<PathBuf>,
    /// Accept only single events, like a server without the `event-batch` extension.
    #[arg(long)]
    pub(crate) single_events: bool,
    #[command(flatten)]
    pub(crate) output: Output,
}

/// The form of standard output.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct Output {
    /// The format of standard output: `json` prints one object per line and nothing else.
    #[arg(long, value_name = "FORM", default_value = "human")]
    pub(crate) output: Form,
}

impl Output {
    /// Whether standard output is for a program.
    pub(crate) fn is_json(self) -> bool {
        self.output == Form::Json
    }
}

/// The forms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Form {
    /// For a person.
    Human,
    /// One JSON object per line.
    Json,
}
