//! Airflow's own manager, by `airflow/streams.py` in the environment that `cargo xtask bench` has made.

use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use super::room::Case;
use crate::part::number;

/// Names the interpreter of an environment with Airflow in it.
const PYTHON: &str = "AIRFLOW_PYTHON";

pub(super) struct Airflow {
    python: OsString,
    home: tempfile::TempDir,
}

impl Airflow {
    pub(super) fn find() -> Result<Self> {
        let python = std::env::var_os(PYTHON);
        let python = python.with_context(|| {
            format!(
                "set {PYTHON} to a Python with apache-airflow-core, or run `cargo xtask bench streams`, which makes one"
            )
        })?;
        Ok(Self { python, home: tempfile::tempdir()? })
    }

    /// Raw events per CPU second.
    pub(super) fn throughput(&self, case: Case) -> Result<f64> {
        let measured = self.measure(&format!("{}:{}:{}", case.mode(), case.subscribers, case.emits.name()))?;
        Ok(number(&measured, "events")? / number(&measured, "cpu")?)
    }

    /// Bytes per raw event that everybody has emitted for and that is not confirmed.
    pub(super) fn memory(&self, subscribers: i64) -> Result<f64> {
        number(&self.measure(&format!("memory:{subscribers}"))?, "bytes")
    }

    /// One case in a process of its own.
    fn measure(&self, case: &str) -> Result<Value> {
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("airflow/streams.py");
        let mut python = Command::new(&self.python);
        python.arg(program).arg(case).env("AIRFLOW_HOME", self.home.path()).stderr(Stdio::inherit());
        let output = tokio::task::block_in_place(|| python.output()).context("start Airflow's Python")?;
        ensure!(output.status.success(), "Airflow's manager was not measured for {case}: {}", output.status);
        serde_json::from_slice(&output.stdout).with_context(|| format!("what Airflow's program says of {case}"))
    }
}
