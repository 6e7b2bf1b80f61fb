//! Raw events per CPU second of the whole process, from the source to the acknowledgement (in fast mode: to the
//! filters).

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, ensure};
use stream_rules::Policy;
use streams::Confirmer;
use tokio::time::{Instant, sleep};

use super::room::{Case, Room, Stored};
use super::source::{Memory, Upstream};
use crate::measure::process_cpu;

/// No case takes longer.
const LONGEST: Duration = Duration::from_secs(60);
/// Before it is measured, everybody has had this many: by then a quick filter asks for as many as it may.
const WARM_UP: u64 = 8_192;
/// A case has to settle so many.
const LEAST: u64 = 2_048;

/// Raw events per CPU second.
pub(super) async fn measure(room: &Room, case: Case, window: Duration) -> Result<f64> {
    let upstream = Upstream::of(u64::MAX, false);
    let producer = Arc::new(Memory(Arc::clone(&upstream)));
    let (mut listeners, confirmer, stored) = room.listeners(case, Policy::safe(), producer).await?;
    let confirming = tokio::spawn(confirm(confirmer, stored));
    let settled = || if case.is_acked { upstream.advanced() } else { upstream.read() };
    let deadline = Instant::now() + LONGEST;
    let mut look = async |is_over: &dyn Fn() -> bool| {
        while !is_over() {
            listeners.check()?;
            ensure!(Instant::now() < deadline, "{case}: {} settled in {LONGEST:?}", settled());
            sleep(Duration::from_millis(5)).await;
        }
        Ok(())
    };
    look(&|| settled() >= WARM_UP).await?;
    let (begin, cpu) = (settled(), process_cpu());
    look(&|| process_cpu() - cpu >= window && settled() - begin >= LEAST).await?;
    let rate = (settled() - begin) as f64 / (process_cpu() - cpu).as_secs_f64();
    listeners.end().await;
    confirming.abort();
    Ok(rate)
}

/// The supervisor's side: whatever was emitted is stored, and told in lots.
async fn confirm(confirmer: Confirmer, mut stored: Stored) {
    let mut lots = Vec::new();
    while stored.recv_many(&mut lots, 1_024).await > 0 {
        confirmer.confirm(lots.drain(..).flatten().collect()).await;
    }
}
