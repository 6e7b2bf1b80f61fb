//! What the threads of one consumer share: which partitions it has, and what was read of them.
//!
//! Owns the lanes. Invariants: a partition has a lane as long as it is assigned, and a new one with each assignment;
//! what was read and not given to the group goes when its partition goes.

use std::collections::{HashMap, VecDeque};

use bytes::Bytes;
use stream_rules::{AdvanceItem, Lane, Raw};

use super::message;
use crate::ledger::{Gap, Ledger};

/// Messages that are read and wait for the group, and their bytes, at which reading pauses; it goes on at half of that.
const MOST_READY: usize = 4_096;
const MOST_READY_BYTES: usize = 16 << 20;

/// A partition's name: topic and number.
pub(super) type Name = (String, i32);

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Partitions {
    assigned: HashMap<Name, Assigned>,
    by_lane: HashMap<Lane, Name>,
    assignments: u64,
    ready: VecDeque<Raw>,
    ready_bytes: usize,
    /// Why nothing more is read.
    pub(super) end: Option<String>,
}

#[derive(Debug)]
struct Assigned {
    lane: Lane,
    ledger: Ledger,
}

impl Partitions {
    /// These were assigned.
    pub(super) fn assign(&mut self, names: impl Iterator<Item = Name>) {
        for name in names {
            self.revoke(std::iter::once(name.clone()));
            self.assignments += 1;
            let lane = Lane(format!("{}/{}#{}", name.0, name.1, self.assignments).into());
            self.by_lane.insert(lane.clone(), name.clone());
            self.assigned.insert(name, Assigned { lane, ledger: Ledger::default() });
        }
    }

    /// These were taken away, or lost.
    pub(super) fn revoke(&mut self, names: impl Iterator<Item = Name>) {
        for name in names {
            if let Some(Assigned { lane, .. }) = self.assigned.remove(&name) {
                self.by_lane.remove(&lane);
                self.drop_ready(&lane);
            }
        }
    }

    fn drop_ready(&mut self, lane: &Lane) {
        self.ready.retain(|raw| raw.lane != *lane);
        self.ready_bytes = self.ready.iter().map(size).sum();
    }

    /// A message was read. One of a partition that is gone is left to whoever has it now.
    pub(super) fn push<M: rdkafka::Message>(&mut self, message: &M) {
        let name = (message.topic().to_owned(), message.partition());
        let Some(Assigned { lane, .. }) = self.assigned.get(&name) else { return };
        let payload = message::payload(message.topic(), message.partition(), message.offset());
        let raw = Raw { data: message::data(message), payload, lane: lane.clone() };
        self.ready_bytes += size(&raw);
        self.ready.push_back(raw);
    }

    /// Gives at most `max` to the group.
    pub(super) fn take(&mut self, max: usize) -> Vec<Raw> {
        let most = self.ready.len().min(max);
        let taken: Vec<Raw> = self.ready.drain(..most).collect();
        for raw in &taken {
            self.ready_bytes -= size(raw);
            if let Some(assigned) = self.by_lane.get(&raw.lane).and_then(|name| self.assigned.get_mut(name)) {
                assigned.ledger.give(raw.payload.clone());
            }
        }
        taken
    }

    /// What to commit so that these are settled: the partition, and the offset to go on from. None when the lane is a
    /// past one.
    pub(super) fn to_commit(&self, lane: &Lane, items: &[AdvanceItem]) -> Result<Option<(Name, i64)>, Gap> {
        let Some(name) = self.by_lane.get(lane) else { return Ok(None) };
        let Some(assigned) = self.assigned.get(name) else { return Ok(None) };
        assigned.ledger.may_settle(items)?;
        let last = items.last().and_then(|item| message::offset_of(&item.payload)).ok_or(Gap)?;
        Ok(Some((name.clone(), last + 1)))
    }

    /// These are committed.
    pub(super) fn settle(&mut self, lane: &Lane, items: &[AdvanceItem]) {
        if let Some(assigned) = self.by_lane.get(lane).and_then(|name| self.assigned.get_mut(name)) {
            assigned.ledger.settle(items);
        }
    }

    /// A lane is to be read again from this message on: its partition and offset. None when the lane is a past one.
    pub(super) fn rewind(&mut self, lane: &Lane, payload: &Bytes) -> Result<Option<(Name, i64)>, Gap> {
        let Some(name) = self.by_lane.get(lane).cloned() else { return Ok(None) };
        let Some(assigned) = self.assigned.get_mut(&name) else { return Ok(None) };
        if !assigned.ledger.rewind(payload) {
            return Err(Gap);
        }
        self.drop_ready(lane);
        Ok(Some((name, message::offset_of(payload).ok_or(Gap)?)))
    }

    /// Whether this is enough for now.
    pub(super) fn is_full(&self) -> bool {
        self.ready.len() >= MOST_READY || self.ready_bytes >= MOST_READY_BYTES
    }

    /// Whether there is room for a good deal more.
    pub(super) fn has_room(&self) -> bool {
        self.ready.len() <= MOST_READY / 2 && self.ready_bytes <= MOST_READY_BYTES / 2
    }
}

fn size(raw: &Raw) -> usize {
    raw.data.len() + raw.payload.len()
}

#[cfg(test)]
mod tests {
    use rdkafka::Timestamp;
    use rdkafka::message::OwnedMessage;
    use stream_rules::Outcome;

    use super::*;

    fn read(partitions: &mut Partitions, partition: i32, offsets: std::ops::Range<i64>) {
        for offset in offsets {
            let (body, at) = (Some(b"{}".to_vec()), Timestamp::NotAvailable);
            partitions.push(&OwnedMessage::new(body, None, "t".into(), at, partition, offset, None));
        }
    }

    fn items(raw: &[Raw]) -> Vec<AdvanceItem> {
        let item = |raw: &Raw| AdvanceItem { payload: raw.payload.clone(), outcome: Outcome::default() };
        raw.iter().map(item).collect()
    }

    fn name(partition: i32) -> Name {
        ("t".to_owned(), partition)
    }

    #[test]
    fn a_lane_is_one_assignment() {
        let mut partitions = Partitions::default();
        partitions.assign([name(0), name(1)].into_iter());
        read(&mut partitions, 0, 5..9);
        read(&mut partitions, 2, 0..9);
        let before = partitions.take(3);
        assert_eq!(partitions.to_commit(&before[0].lane, &items(&before[..2])), Ok(Some((name(0), 7))));
        partitions.revoke([name(0)].into_iter());
        assert!(partitions.take(10).is_empty(), "what was not given goes with its partition, and 2 was never ours");
        assert_eq!(partitions.to_commit(&before[0].lane, &items(&before)), Ok(None), "it is somebody else's now");
        partitions.assign([name(0)].into_iter());
        read(&mut partitions, 0, 5..9);
        let after = partitions.take(10);
        assert_ne!(after[0].lane, before[0].lane);
        assert_eq!(after[0].payload, before[0].payload, "a message has one name in every assignment");
        assert_eq!(partitions.to_commit(&before[0].lane, &items(&before)), Ok(None));
        assert_eq!(partitions.to_commit(&after[0].lane, &items(&after[1..])), Err(Gap));
    }

    #[test]
    fn a_rewind_drops_what_was_fetched_ahead() {
        let mut partitions = Partitions::default();
        partitions.assign([name(0), name(1)].into_iter());
        read(&mut partitions, 0, 0..9);
        let given = partitions.take(4);
        read(&mut partitions, 1, 0..1);
        let lane = given[0].lane.clone();
        assert_eq!(partitions.rewind(&lane, &given[1].payload), Ok(Some((name(0), 1))));
        assert_eq!(partitions.rewind(&lane, &given[2].payload), Err(Gap), "it was not given since");
        let rest = partitions.take(10);
        assert_eq!(rest.len(), 1, "only the other partition's");
        assert_eq!(partitions.rewind(&Lane::default(), &given[1].payload), Ok(None), "a past lane");
    }

    #[test]
    fn there_is_a_bound() {
        let mut partitions = Partitions::default();
        partitions.assign([name(0)].into_iter());
        read(&mut partitions, 0, 0..4_096);
        assert!(partitions.is_full() && !partitions.has_room());
        partitions.take(2_000);
        assert!(!partitions.is_full() && !partitions.has_room(), "it goes on at half");
        partitions.take(100);
        assert!(partitions.has_room());
    }
}
