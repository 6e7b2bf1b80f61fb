//! The acknowledging half of an upstream that is a component.
//!
//! Owns what of a batch is done while the rest of it is tried again. Invariants: what is done is not advanced again, as
//! far as that is remembered (an acker has to bear repetition anyway); of a lane nothing is advanced behind a message
//! that is not done; one lane's failure is not another's.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use sandbox::{Advanced, EndReason, Settled};
use stream_rules::{AdvanceError, AdvanceItem, Lane};
use streams::Advance;

use super::Shared;

/// Messages of one call.
const MOST: usize = 500;
/// Bytes of the receipts of one call: it has to fit into the guest's memory, several times over.
const MOST_BYTES: usize = 4 << 20;
/// Messages that are remembered as done.
const MOST_DONE: usize = 100_000;
/// The longest that a guest may have the next attempt wait.
const RETRY_AFTER_AT_MOST: Duration = Duration::from_secs(300);

/// Messages that are done, of batches that are not.
#[derive(Default)]
pub(super) struct Done(HashSet<(Lane, Bytes)>);

impl Done {
    fn has(&self, lane: &Lane, receipt: &Bytes) -> bool {
        !self.0.is_empty() && self.0.contains(&(lane.clone(), receipt.clone()))
    }

    fn add(&mut self, lane: &Lane, receipt: &Bytes) {
        if self.0.len() >= MOST_DONE {
            // All they cost is a second advance.
            self.0.clear();
        }
        self.0.insert((lane.clone(), receipt.clone()));
    }

    /// The whole batch is done: nobody asks again.
    fn forget(&mut self, advance: &Advance) {
        for item in &*advance.items {
            self.0.remove(&(advance.lane.clone(), item.payload.clone()));
        }
    }
}

/// One message on its way: which advance it is of, and what became of it.
type Item<'a> = (usize, &'a AdvanceItem);

impl Shared {
    /// One result for each advance.
    pub(super) async fn advance(&self, advances: &[Advance]) -> Vec<Result<(), AdvanceError>> {
        let mut results: Vec<Result<(), AdvanceError>> = vec![Ok(()); advances.len()];
        for piece in pieces(self.open_items(advances)) {
            let piece: Vec<Item<'_>> = piece.into_iter().filter(|(at, _)| results[*at].is_ok()).collect();
            if piece.is_empty() {
                continue;
            }
            let answer = self.guest.advance(piece.iter().map(|(_, item)| settled(item)).collect()).await;
            self.take_answer(advances, &piece, answer, &mut results);
        }
        let mut done = self.done.lock();
        for (advance, _) in advances.iter().zip(&results).filter(|(_, result)| result.is_ok()) {
            done.forget(advance);
        }
        results
    }

    /// What an earlier attempt has not done yet.
    fn open_items<'a>(&self, advances: &'a [Advance]) -> Vec<Item<'a>> {
        let done = self.done.lock();
        let items = advances.iter().enumerate().flat_map(|(at, one)| one.items.iter().map(move |item| (at, one, item)));
        items.filter(|(_, one, item)| !done.has(&one.lane, &item.payload)).map(|(at, _, item)| (at, item)).collect()
    }

    fn take_answer(
        &self,
        advances: &[Advance],
        piece: &[Item<'_>],
        answer: Result<Advanced, EndReason>,
        results: &mut [Result<(), AdvanceError>],
    ) {
        let failed = |what: &str, fatal, retry_after| AdvanceError { what: Arc::from(what), fatal, retry_after };
        let all = match answer {
            Ok(Advanced::Except(unfinished)) => return self.take_unfinished(advances, piece, &unfinished, results),
            Ok(Advanced::Retry(why, wait)) => {
                let wait = wait.map(|ms| Duration::from_millis(ms).min(RETRY_AFTER_AT_MOST));
                failed(&why, false, wait)
            }
            Ok(Advanced::Fatal(why)) => failed(&why, true, None),
            Err(reason) => failed(&reason.to_string(), false, None),
        };
        for (at, _) in piece {
            results[*at] = Err(all.clone());
        }
    }

    /// All are done but these.
    fn take_unfinished(
        &self,
        advances: &[Advance],
        piece: &[Item<'_>],
        unfinished: &[(usize, String)],
        results: &mut [Result<(), AdvanceError>],
    ) {
        for (index, why) in unfinished {
            let Some((at, _)) = piece.get(*index) else { continue };
            if results[*at].is_ok() {
                results[*at] = Err(AdvanceError { what: Arc::from(why.as_str()), fatal: false, retry_after: None });
            }
        }
        // A receipt that was given twice is done when both are.
        let open: HashSet<(usize, &Bytes)> = unfinished
            .iter()
            .filter_map(|(index, _)| piece.get(*index))
            .map(|(at, item)| (*at, &item.payload))
            .collect();
        let finished = piece.iter().filter(|(at, item)| !open.contains(&(*at, &item.payload)));
        let mut done = self.done.lock();
        for (at, item) in finished {
            done.add(&advances[*at].lane, &item.payload);
            self.keeper.settle(&item.payload);
        }
    }
}

fn settled(item: &AdvanceItem) -> Settled {
    Settled {
        receipt: item.payload.clone(),
        accepted: item.outcome.acked,
        rejected: item.outcome.rejected,
        failed: item.outcome.failed(),
    }
}

/// In order, none too large for one call.
fn pieces(items: Vec<Item<'_>>) -> Vec<Vec<Item<'_>>> {
    let mut pieces: Vec<Vec<Item<'_>>> = Vec::new();
    let mut bytes = 0;
    for item in items {
        let size = item.1.payload.len();
        match pieces.last_mut() {
            Some(piece) if piece.len() < MOST && bytes + size <= MOST_BYTES => {
                bytes += size;
                piece.push(item);
            }
            _ => {
                bytes = size;
                pieces.push(vec![item]);
            }
        }
    }
    pieces
}
