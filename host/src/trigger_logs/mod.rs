//! Where the lines of triggers go: those of tasks into files that Airflow's UI reads, the others into the host's own
//! log.

mod recorder;
mod words;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use logs::{Folder, LogServer, Masker, Template, TriggerLogs, WriterConfig};
use secrecy::ExposeSecret as _;
use settings::{Problems, Settings, Shown, locate};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use trigger_host_types::Clock;

pub(crate) use self::recorder::Recorder;
use crate::config;
use crate::host;

/// How long the last lines may take at the end.
const FLUSH_WITHIN: Duration = Duration::from_secs(5);

/// Everything about logs, set up and not yet running.
pub(crate) struct Logs {
    pub(crate) masker: Masker,
    files: Option<TriggerLogs>,
    server: Option<(TcpListener, SocketAddr, LogServer)>,
}

/// A log server that runs.
pub(crate) struct Serving {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Logs {
    /// Opens the folder and the port; what is wrong with them goes to `problems`.
    pub(crate) async fn open(
        settings: &Settings,
        shown: &[Shown],
        clock: Arc<dyn Clock>,
        problems: &mut Problems,
    ) -> Self {
        let masker = Masker::new();
        for secret in config::secrets(settings) {
            masker.remember_own(secret.expose_secret());
        }
        let mut logs = Self { masker, files: None, server: None };
        let keys = &settings.logs;
        // Checked with the configuration.
        let Ok(template) = Template::parse(&keys.filename_template) else { return logs };
        let Some(path) = &keys.folder else { return logs };
        let folder = match Folder::open(path, keys.file_mode.0, keys.folder_mode.0) {
            Ok(folder) => Arc::new(folder),
            Err(error) => {
                let what = format!("cannot use {} for logs: {error}", path.display());
                problems.error(locate(shown, "logs", "folder", what));
                return logs;
            }
        };
        let config = WriterConfig {
            folder: Arc::clone(&folder),
            template,
            max_file: keys.max_file.0,
            masker: logs.masker.clone(),
            clock: Arc::clone(&clock),
        };
        match TriggerLogs::start(config) {
            Ok(files) => logs.files = Some(files),
            Err(error) => problems.error(locate(shown, "logs", "folder", format!("cannot write logs: {error}"))),
        }
        if let (Some(address), Some(secret)) = (keys.listen, config::log_secret(settings)) {
            match host::listen(address).await {
                Ok((listener, address)) => {
                    logs.server = Some((listener, address, LogServer::new(folder, &secret, clock)));
                }
                Err(error) => problems.error(locate(shown, "logs", "listen", format!("{error:#}"))),
            }
        }
        logs
    }

    /// Where the log server listens.
    pub(crate) fn address(&self) -> Option<SocketAddr> {
        self.server.as_ref().map(|(_, address, _)| *address)
    }

    /// What the supervisor tells its steps to. `hostname`: as the host registers.
    pub(crate) fn recorder(&self, hostname: String) -> Recorder {
        Recorder::new(self.files.clone(), self.masker.clone(), hostname)
    }

    /// Starts the log server, if there is to be one.
    pub(crate) fn serve(&mut self) -> Option<Serving> {
        let (listener, address, server) = self.server.take()?;
        tracing::info!(%address, "The log server is listening.");
        let (stop, stopped) = oneshot::channel::<()>();
        let task = tokio::spawn(server.serve(listener, async move {
            // A sender that is gone says the same.
            let _ = stopped.await;
        }));
        Some(Serving { stop, task })
    }

    /// Waits until the last lines are written, for some seconds at most.
    pub(crate) fn flush(&self) {
        if self.files.as_ref().is_some_and(|files| !files.flush(FLUSH_WITHIN)) {
            tracing::error!("The last lines of triggers could not be written to their logs in time.");
        }
    }
}

impl Serving {
    /// Ends it.
    pub(crate) async fn stop(self) {
        let _ = self.stop.send(());
        let _ = self.task.await;
    }
}
