//! What the threads of one consumer share: which partitions it has, and what was read of them.
//!
//! Owns the lanes. Invariants: a partition has a lane as long as it is assigned, and a new one with each assignment; what was read and not
//! given to the group goes when its partition goes.

use std::collections::{HashMap, VecDeque};

use bytes::Bytes;
use streams::{AdvanceItem, Lane, Raw};

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

    /// What to commit so that these are settled: the partition, and the offset to go on from. None when the lane is a past one.
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
