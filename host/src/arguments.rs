//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use settings::Flag;

/// Runs Airflow triggers as sandboxed WebAssembly components.
///
/// Data goes to standard output, everything else to standard error. Exit codes: 0 done; 1 it ran and something failed; 2 the command
/// line, a file or the environment is wrong; 3 the Execution API refused or cannot be reached; 70 the host's own fault.
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
    /// Runs triggers without Airflow: the embedded Execution API and the host in one process.
    ///
    /// With `--output json` each line is one step: `event` is deferred, claimed, polled, fired, failed, finished, timed-out or cleared,
    /// beside `trigger_id`, `classpath`, `at_ms` (milliseconds since 1970, by the triggers' clock), `elapsed_ms` (since the start) and what
    /// belongs to the event. The summary goes to standard error then.
    Dev(Dev),
    /// Says what a component is, wants and has; refuses what the host refuses.
    Inspect(Inspect),
    /// Pins and checks the catalog.
    #[command(subcommand)]
    Catalog(Catalog),
    /// Checks and shows the configuration.
    #[command(subcommand)]
    Config(Config),
    /// Serves the embedded Execution API alone.
    Api(Api),
}

/// `run`.
#[derive(Debug, Args)]
pub(crate) struct Run {
    #[command(flatten)]
    pub(crate) config: ConfigFile,
    /// The catalog, in place of `[host] catalog`.
    #[arg(long, value_name = "FILE")]
    pub(crate) catalog: Option<PathBuf>,
    /// Most triggers held at once, in place of `[host] capacity`.
    #[arg(long, value_name = "N")]
    pub(crate) capacity: Option<String>,
    /// Only triggers of these queues, separated by commas, in place of `[host] queues`.
    #[arg(long, value_name = "NAMES")]
    pub(crate) queues: Option<String>,
    /// Only triggers of this team, in place of `[host] team`.
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
    /// A JSON list of triggers to create. May be given several times; more can be posted while it runs.
    #[arg(long, value_name = "FILE")]
    pub(crate) defer: Vec<PathBuf>,
    /// Where the embedded API listens.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    pub(crate) listen: SocketAddr,
    /// Keeps triggers in this SQLite file; in memory without it.
    #[arg(long, value_name = "FILE")]
    pub(crate) db: Option<PathBuf>,
    /// Ends when no trigger waits any more: 0 if all fired, else 1.
    #[arg(long)]
    pub(crate) until_idle: bool,
    /// Time jumps to the next thing that is due; nothing waits.
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
    /// Also say what this catalog grants it.
    #[arg(long, value_name = "FILE")]
    pub(crate) catalog: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) output: Output,
}

/// `catalog`.
#[derive(Debug, Subcommand)]
pub(crate) enum Catalog {
    /// Writes the digests of the components into the catalog, comments and form kept.
    Lock(CatalogFile),
    /// Checks digests, grants and imports; reports all problems at once.
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
    /// Says what is wrong, all of it.
    Check(ConfigFile),
    /// Prints the effective values and where each came from, secrets as `***`.
    Show(ConfigFile),
    /// Prints the page of documentation about all keys.
    #[command(hide = true)]
    Reference,
}

/// The configuration to read.
#[derive(Debug, Args)]
pub(crate) struct ConfigFile {
    /// The configuration; `trigger-host.toml` of the current folder, if it is there.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

/// `api`.
#[derive(Debug, Args)]
pub(crate) struct Api {
    /// A SQLite file, as a path or `sqlite:PATH`; in memory without it.
    #[arg(long, value_name = "URL")]
    pub(crate) db: Option<String>,
    /// Where to listen.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    pub(crate) listen: SocketAddr,
    /// Demands tokens signed with the secret in this file.
    #[arg(long, value_name = "FILE")]
    pub(crate) jwt_secret_file: Option<PathBuf>,
    /// Takes events one by one only, as a server without the extension `event-batch`.
    #[arg(long)]
    pub(crate) single_events: bool,
    #[command(flatten)]
    pub(crate) output: Output,
}

/// The form of standard output.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct Output {
    /// The form of standard output: `json` is one object per line and nothing else.
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
