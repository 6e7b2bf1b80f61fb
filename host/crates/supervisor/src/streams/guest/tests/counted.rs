//! What goes wrong is counted, by reasons from closed sets.

use metrics_exporter_prometheus::PrometheusBuilder;

use super::*;
use crate::streams::guest::holds::KEPT_AT_MOST;

#[tokio::test(start_paused = true)]
async fn failed_reads_and_what_is_kept_are_counted() {
    let recorder = PrometheusBuilder::new().build_recorder();
    // The runtime of this test has one thread, so the keeper counts here too.
    let _counting = metrics::set_default_local_recorder(&recorder);
    let counted = |line: &str| {
        let rendered = recorder.handle().render();
        assert!(rendered.lines().any(|one| one == line), "no `{line}` in {rendered}");
    };
    let (guest, upstream) = scripted([fails(), Err(bad()), fails(), batch(&["a1", "a2"], "1", Some(30_000))]);
    guest.extends.lock().push_back(Err(bad()));
    upstream.open().await.unwrap().read(10).await.unwrap();
    counted("trigger_host_stream_reads_failed_total{source=\"guest\",reason=\"guest\"} 2");
    counted("trigger_host_stream_reads_failed_total{source=\"guest\",reason=\"bad-answer\"} 1");
    // Two thirds of the hold: fails. Half of what is left: does not.
    pass(Duration::from_secs(26)).await;
    counted("trigger_host_stream_extensions_failed_total{source=\"guest\",reason=\"bad-answer\"} 1");
    counted("trigger_host_stream_extended_messages_total{source=\"guest\"} 2");
    guest.extends.lock().extend((0..10).map(|_| Err(bad())));
    pass(Duration::from_secs(60)).await;
    counted("trigger_host_stream_let_go_messages_total{source=\"guest\",why=\"failed\"} 2");
}

#[tokio::test(start_paused = true)]
async fn what_is_never_settled_is_counted_when_it_is_let_go() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let _counting = metrics::set_default_local_recorder(&recorder);
    let (_guest, upstream) = scripted([batch(&["a1"], "1", Some(600_000))]);
    upstream.open().await.unwrap().read(10).await.unwrap();
    pass(KEPT_AT_MOST + Duration::from_secs(600)).await;
    let rendered = recorder.handle().render();
    let line = "trigger_host_stream_let_go_messages_total{source=\"guest\",why=\"age\"} 1";
    assert!(rendered.contains(line), "{rendered}");
}
