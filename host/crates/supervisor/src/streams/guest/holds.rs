//! What is open at the upstream, and until when it is kept from others there. Time is an argument.
//!
//! Owns the order in which holds come due. Invariants: every open message that is kept is due once at a time; it is
//! asked for when two thirds of its hold have passed, so that a call that fails can be made again; nothing is kept
//! longer than [`KEPT_AT_MOST`], so that a message that got lost here comes again by itself; nothing here grows beyond
//! [`MOST_OPEN`].

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

/// A message is kept so long after it was read, however often its hold was extended.
pub(super) const KEPT_AT_MOST: Duration = Duration::from_secs(3_600);
/// Messages that are kept.
const MOST_OPEN: usize = 100_000;
/// Nothing shorter is extended, and an extension that failed is not tried again when less than this is left.
const SHORTEST: Duration = Duration::from_secs(1);
/// Messages of one extension.
const MOST: usize = 250;
/// Bytes of the receipts of one extension.
const MOST_BYTES: usize = 1 << 20;

/// When one is due: the time, and a number that makes it unique.
type Due = (Instant, u64);

/// One message that is open.
struct Open {
    /// How often it was read and not settled: a guest may give one receipt twice.
    times: u32,
    read_at: Instant,
    hold: Duration,
    until: Instant,
    due: Due,
}

/// Messages to ask for together.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Extension {
    pub(super) hold: Duration,
    pub(super) receipts: Vec<Bytes>,
}

/// See the module.
#[derive(Default)]
pub(super) struct Holds {
    open: HashMap<Bytes, Open>,
    due: BTreeMap<Due, Bytes>,
    made: u64,
}

impl Holds {
    /// A message was read. False when there are too many to keep it.
    pub(super) fn add(&mut self, receipt: Bytes, hold: Duration, now: Instant) -> bool {
        if hold < SHORTEST {
            return true;
        }
        if let Some(open) = self.open.get_mut(&receipt) {
            open.times += 1;
            return true;
        }
        if self.open.len() >= MOST_OPEN {
            return false;
        }
        let due = self.queue(receipt.clone(), now + hold * 2 / 3);
        self.open.insert(receipt, Open { times: 1, read_at: now, hold, until: now + hold, due });
        true
    }

    /// A message was settled: it is nobody's business any more.
    pub(super) fn settle(&mut self, receipt: &Bytes) {
        let Some(open) = self.open.get_mut(receipt) else { return };
        open.times -= 1;
        if open.times == 0 {
            self.due.remove(&open.due);
            self.open.remove(receipt);
        }
    }

    /// When the next one is due.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.due.first_key_value().map(|((at, _), _)| *at)
    }

    /// What to ask for now: messages of one hold. Those that were kept for long enough are let go of; gives how many.
    pub(super) fn take_due(&mut self, now: Instant) -> (Option<Extension>, usize) {
        let (mut extension, mut bytes, mut let_go) = (None::<Extension>, 0, 0);
        while let Some(entry) = self.due.first_entry().filter(|entry| entry.key().0 <= now) {
            let Some(open) = self.open.get(entry.get()) else {
                entry.remove();
                continue;
            };
            if now.duration_since(open.read_at) >= KEPT_AT_MOST {
                self.open.remove(&entry.remove());
                let_go += 1;
                continue;
            }
            let taken = extension.get_or_insert_with(|| Extension { hold: open.hold, receipts: Vec::new() });
            let is_full = taken.receipts.len() >= MOST || bytes + entry.get().len() > MOST_BYTES;
            if taken.hold != open.hold || (is_full && !taken.receipts.is_empty()) {
                break;
            }
            bytes += entry.get().len();
            taken.receipts.push(entry.remove());
        }
        (extension, let_go)
    }

    /// What an extension asked for at this time is kept for another hold.
    pub(super) fn extended(&mut self, extension: &Extension, asked_at: Instant) {
        for receipt in &extension.receipts {
            let Some(open) = self.open.get_mut(receipt) else { continue };
            open.until = asked_at + extension.hold;
            let at = asked_at + extension.hold * 2 / 3;
            self.queue_again(receipt, at);
        }
    }

    /// The extension failed: it is asked for again in half of the time that is left. Returns how many messages there is
    /// no time left for.
    pub(super) fn not_extended(&mut self, extension: &Extension, now: Instant) -> usize {
        let mut let_go = 0;
        for receipt in &extension.receipts {
            let Some(open) = self.open.get(receipt) else { continue };
            let left = open.until.saturating_duration_since(now);
            if left < SHORTEST {
                self.open.remove(receipt);
                let_go += 1;
            } else {
                self.queue_again(receipt, now + left / 2);
            }
        }
        let_go
    }

    fn queue_again(&mut self, receipt: &Bytes, at: Instant) {
        let due = self.queue(receipt.clone(), at);
        if let Some(open) = self.open.get_mut(receipt) {
            self.due.remove(&std::mem::replace(&mut open.due, due));
        }
    }

    fn queue(&mut self, receipt: Bytes, at: Instant) -> Due {
        self.made += 1;
        let due = (at, self.made);
        self.due.insert(due, receipt);
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOLD: Duration = Duration::from_secs(30);

    fn receipt(number: usize) -> Bytes {
        number.to_string().into()
    }

    fn take(holds: &mut Holds, now: Instant) -> Vec<Bytes> {
        holds.take_due(now).0.map(|extension| extension.receipts).unwrap_or_default()
    }

    #[test]
    fn what_is_open_is_asked_for_before_its_hold_ends() {
        let (mut holds, start) = (Holds::default(), Instant::now());
        for number in 0..3 {
            assert!(holds.add(receipt(number), HOLD, start));
        }
        holds.settle(&receipt(1));
        assert_eq!(take(&mut holds, start + HOLD / 2), Vec::<Bytes>::new());
        let at = holds.next_due().unwrap();
        assert_eq!(at, start + HOLD * 2 / 3);
        let (extension, _) = holds.take_due(at);
        let extension = extension.unwrap();
        assert_eq!(extension, Extension { hold: HOLD, receipts: vec![receipt(0), receipt(2)] });
        assert_eq!(holds.next_due(), None, "nothing is asked for twice at a time");
        holds.settle(&receipt(0));
        holds.extended(&extension, at);
        assert_eq!(holds.next_due(), Some(at + HOLD * 2 / 3));
        holds.settle(&receipt(2));
        assert_eq!((holds.next_due(), holds.open.len(), holds.due.len()), (None, 0, 0));
    }

    #[test]
    fn a_failure_is_made_up_for_while_there_is_time() {
        let (mut holds, start) = (Holds::default(), Instant::now());
        holds.add(receipt(0), HOLD, start);
        let mut attempts = 0;
        while let Some(at) = holds.next_due() {
            let extension = holds.take_due(at).0.unwrap();
            holds.not_extended(&extension, at);
            attempts += 1;
            assert!(at < start + HOLD && attempts < 10);
        }
        assert_eq!((attempts, holds.open.len()), (5, 0));
    }

    #[test]
    fn nothing_is_kept_for_ever() {
        let (mut holds, start) = (Holds::default(), Instant::now());
        holds.add(receipt(0), HOLD, start);
        let mut last = start;
        while let Some(at) = holds.next_due() {
            last = at;
            if let (Some(extension), _) = holds.take_due(at) {
                holds.extended(&extension, at);
            }
        }
        assert!(last >= start + KEPT_AT_MOST && last < start + KEPT_AT_MOST + HOLD);
        assert_eq!(holds.open.len(), 0);
    }

    #[test]
    fn calls_and_memory_have_bounds() {
        let (mut holds, now) = (Holds::default(), Instant::now());
        let kept = (0..MOST_OPEN + 10).filter(|number| holds.add(receipt(*number), HOLD, now)).count();
        assert_eq!(kept, MOST_OPEN);
        assert!(holds.add(receipt(0), HOLD, now), "it is there already");
        holds.settle(&receipt(0));
        let due = now + HOLD;
        let mut all = 0;
        while let Some(extension) = holds.take_due(due).0 {
            assert!(extension.receipts.len() <= MOST);
            all += extension.receipts.len();
        }
        assert_eq!(all, MOST_OPEN, "one that was read twice and settled once is open");
        let mut large = Holds::default();
        large.add(vec![1; MOST_BYTES + 1].into(), HOLD, now);
        large.add(vec![2; MOST_BYTES + 1].into(), Duration::ZERO, now);
        large.add(vec![3; MOST_BYTES].into(), HOLD, now);
        assert_eq!((take(&mut large, due).len(), take(&mut large, due).len()), (1, 1));
    }
}
