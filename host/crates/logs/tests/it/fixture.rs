//! What was recorded from Airflow, and a folder of logs.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use logs::{Folder, Masker, Task, Template, TriggerLogs, WriterConfig};
use serde_json::Value;
use settings::LOG_FILENAME_TEMPLATE;
use tempfile::TempDir;
use trigger_host_types::{JobId, TaskInstance, VirtualClock};

/// 2026-11-20T12:02:28Z.
pub(crate) const NOW: u64 = 1_795_176_148_000;

pub(crate) fn fixture(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../tests/fixtures").join(name);
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// The task of the recorded lines.
pub(crate) fn task() -> Task {
    Task {
        id: uuid::Uuid::from_u128(5),
        instance: TaskInstance {
            dag_id: "d".into(),
            run_id: "r".into(),
            task_id: "t".into(),
            map_index: -1,
            try_number: 1,
        },
        log_path: None,
    }
}

/// A folder and who writes to it.
pub(crate) struct Logs {
    folder: TempDir,
    pub(crate) logs: TriggerLogs,
    pub(crate) masker: Masker,
}

impl Logs {
    pub(crate) fn new() -> Self {
        Self::with(1 << 20)
    }

    pub(crate) fn with(max_file: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let masker = Masker::new();
        let config = WriterConfig {
            folder: Arc::new(Folder::open(folder.path(), 0o664, 0o775).unwrap()),
            template: Template::parse(LOG_FILENAME_TEMPLATE).unwrap(),
            max_file,
            masker: masker.clone(),
            clock: Arc::new(VirtualClock::new(NOW)),
        };
        let logs = TriggerLogs::start(config).unwrap();
        logs.registered(JobId(7));
        Self { folder, logs, masker }
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    /// What is in a file by now.
    pub(crate) fn text(&self, path: &str) -> String {
        assert!(self.logs.flush(Duration::from_secs(30)));
        std::fs::read_to_string(self.path(path)).unwrap()
    }
}
