//! Memory per raw event that was read and answered by everybody, and whose trigger events are not stored: what grows
//! while storing stalls. In a process of its own, which has settled some before, so that filters, threads and the pool
//! are there.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Result, ensure};
use serde_json::json;
use stream_rules::{Policy, Seq};
use streams::Confirmer;
use tokio::time::{Instant, sleep};

use super::room::{Case, Emits, Listeners, Room, Stored};
use super::source::{Memory, Upstream};
use crate::measure::resident;
use crate::part::answer;

const WARM_UP: u64 = 2_000;
/// Divisible by the kinds of messages; so many that what the allocator has left from before makes no difference.
const OUTSTANDING: u64 = 200_000;
const LONGEST: Duration = Duration::from_secs(60);

/// The part `outstanding SUBSCRIBERS one|all`.
pub(crate) async fn part(subscribers: i64, emits: &str) -> Result<()> {
    let emits = if emits == Emits::All.name() { Emits::All } else { Emits::OneInAHundred };
    let bytes = bytes(Case { is_acked: true, subscribers, emits, is_matched: false }).await?;
    answer(&json!({"bytes": bytes}))
}

async fn bytes(case: Case) -> Result<f64> {
    let room = Room::open().await?;
    let upstream = Upstream::of(WARM_UP, false);
    let policy = Policy { max_outstanding: None, ..Policy::safe() };
    let producer = Arc::new(Memory(Arc::clone(&upstream)));
    let (mut listeners, confirmer, mut stored) = room.listeners(case, policy, producer).await?;
    let each = match case.emits {
        Emits::All => case.subscribers.unsigned_abs(),
        // As many want each kind.
        Emits::OneInAHundred => case.subscribers.unsigned_abs() / super::room::KINDS.unsigned_abs(),
    };
    let seqs = take(&mut listeners, &mut stored, WARM_UP * each).await?;
    confirmed(&confirmer, seqs, &upstream).await?;
    let before = resident()?;
    upstream.allow(OUTSTANDING);
    let emitted = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&emitted);
    // Only counted: that they are remembered is the business of who stores them.
    let counting = tokio::spawn(async move {
        while let Some(lot) = stored.recv().await {
            count.fetch_add(lot.len() as u64, Ordering::Relaxed);
        }
    });
    let deadline = Instant::now() + LONGEST;
    while emitted.load(Ordering::Relaxed) < OUTSTANDING * each {
        listeners.check()?;
        ensure!(Instant::now() < deadline, "{} emitted", emitted.load(Ordering::Relaxed));
        sleep(Duration::from_millis(5)).await;
    }
    let bytes = resident()?.saturating_sub(before) as f64 / OUTSTANDING as f64;
    counting.abort();
    Ok(bytes)
}

async fn take(listeners: &mut Listeners, stored: &mut Stored, count: u64) -> Result<Vec<Seq>> {
    let mut seqs = Vec::new();
    while (seqs.len() as u64) < count {
        listeners.check()?;
        let lot = tokio::time::timeout(LONGEST, stored.recv()).await?;
        seqs.extend(lot.into_iter().flatten());
    }
    Ok(seqs)
}

async fn confirmed(confirmer: &Confirmer, seqs: Vec<Seq>, upstream: &Upstream) -> Result<()> {
    confirmer.confirm(seqs).await;
    let deadline = Instant::now() + LONGEST;
    while upstream.advanced() < WARM_UP {
        ensure!(Instant::now() < deadline, "{} advanced", upstream.advanced());
        sleep(Duration::from_millis(5)).await;
    }
    Ok(())
}
