//! `api`: the embedded Execution API alone, for several hosts in tests.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use embedded_api::{Auth, Config, Database, EmbeddedApi, Secret};
use serde_json::json;
use settings::{Environment, read_secret};

use crate::arguments::Api;
use crate::config::{self, AUDIENCE};
use crate::exit::{Ended, Exit, OrExit as _};
use crate::signals::Signals;
use crate::{diagnostics, host, out};

/// Runs the command until SIGTERM or SIGINT.
///
/// # Errors
/// The database cannot be opened, or the address cannot be listened on.
pub(crate) fn run(arguments: &Api) -> Ended {
    diagnostics::start(&config::read_environment(&Environment)?);
    let config = Config {
        database: match &arguments.db {
            Some(url) => Database::File(file(url).or_exit(Exit::Usage)?),
            None => Database::Memory,
        },
        auth: match &arguments.jwt_secret_file {
            Some(file) => Auth::Secret(secret(file).or_exit(Exit::Usage)?),
            None => Auth::Open,
        },
        event_batch: !arguments.single_events,
        ..Config::default()
    };
    let runtime = host::runtime()?;
    runtime.block_on(async {
        let signals = Signals::listen()?;
        let (listener, address) = host::listen(arguments.listen).await.context("--listen").or_exit(Exit::Usage)?;
        let server = EmbeddedApi::open(config)?;
        let url = host::api_url(address);
        if arguments.output.is_json() {
            out::json(&json!({"event": "listening", "url": url}))?
        } else {
            out::line(&url)?
        }
        server.serve(listener, signals.stop()).await;
        Ok(Exit::Done)
    })
}

/// `sqlite:PATH`, `sqlite://PATH` or a path.
fn file(url: &str) -> anyhow::Result<PathBuf> {
    let path = url.strip_prefix("sqlite:").map_or(url, |rest| rest.strip_prefix("//").unwrap_or(rest));
    match path {
        "" => Err(anyhow!("--db: expected a file, such as `sqlite:dev.db`")),
        path if path.contains("://") => {
            Err(anyhow!("--db: only SQLite is supported: expected a file, such as `sqlite:dev.db`"))
        }
        path => Ok(path.into()),
    }
}

fn secret(file: &Path) -> anyhow::Result<Secret> {
    let secret = read_secret(file).map_err(|what| anyhow!(what)).context("--jwt-secret-file")?;
    Ok(Secret { audience: AUDIENCE.into(), ..Secret::new(secret) })
}
