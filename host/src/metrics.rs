//! What this process counts: the one recorder behind every counter, gauge and histogram.

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

/// Counts from now on. Called once, before anything that counts.
///
/// # Errors
/// Something else counts already.
pub(crate) fn record() -> anyhow::Result<PrometheusHandle> {
    let recorder = PrometheusBuilder::new().build_recorder();
    let handle = recorder.handle();
    metrics::set_global_recorder(recorder).map_err(|error| anyhow::anyhow!("cannot count: {error}"))?;
    telemetry::describe();
    Ok(handle)
}
