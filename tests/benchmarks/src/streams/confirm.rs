//! What a confirmation costs when very many raw events are outstanding, each in a lane of its own, so that each leads
//! to an advance too.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, ensure};
use matching::Match;
use stream_rules::{Mode, Policy, Seq, StreamKey, Verdict};
use streams::{Confirmer, Streams, Subscribe, Subscription};
use tokio::time::{Instant, sleep};
use trigger_host_types::TriggerId;

use super::source::{Memory, Upstream};
use crate::measure::process_cpu;

pub(super) const OUTSTANDING: u64 = 50_000;
/// As the supervisor confirms when many events were stored with one request.
pub(super) const LOT: usize = 500;
const LONGEST: Duration = Duration::from_secs(60);

/// CPU microseconds of a confirmation with its advance, so many of them told together.
pub(super) async fn cost(lot: usize) -> Result<f64> {
    let upstream = Upstream::of(OUTSTANDING, true);
    let streams = Streams::start();
    let policy = Policy { max_outstanding: None, grace: Duration::ZERO, ..Policy::safe() };
    let subscribe = Subscribe {
        trigger: TriggerId(1),
        key: StreamKey::global("benchmark"),
        wanted: Match::default(),
        mode: Mode::Ack,
        policy,
        producer: Arc::new(Memory(Arc::clone(&upstream))),
        cohort: Vec::new(),
    };
    let subscription = streams.subscribe(subscribe).await?;
    let mut seqs = emitted(&subscription, OUTSTANDING).await?;
    // An order that is not that of reading.
    seqs.sort_by_key(|seq| seq.0.wrapping_mul(2_654_435_761) % 1_000_003);
    let cpu = process_cpu();
    confirm(&subscription.confirmer(), &seqs, lot).await;
    let deadline = Instant::now() + LONGEST;
    while upstream.advanced() < OUTSTANDING {
        ensure!(Instant::now() < deadline, "{} of {OUTSTANDING} advanced", upstream.advanced());
        sleep(Duration::from_millis(1)).await;
    }
    let cost = (process_cpu() - cpu).as_secs_f64() * 1e6 / OUTSTANDING as f64;
    drop(subscription);
    streams.stop().await;
    Ok(cost)
}

async fn emitted(subscription: &Subscription, outstanding: u64) -> Result<Vec<Seq>> {
    let mut seqs = Vec::new();
    while (seqs.len() as u64) < outstanding {
        let batch = subscription.next(256).await?;
        let verdicts = vec![Verdict::Emit { events: 1 }; batch.len()];
        seqs.extend(subscription.verdicts(verdicts).await?.into_iter().flatten());
    }
    Ok(seqs)
}

async fn confirm(confirmer: &Confirmer, seqs: &[Seq], lot: usize) {
    for lot in seqs.chunks(lot) {
        confirmer.confirm(lot.to_vec()).await;
    }
}
