//! Lanes, and which of them advances next.
//!
//! Owns each lane's first-in first-out list (`P1`; the links are in the entries) and the order of passes (`P4`): lanes
//! by appearance, at most one batch per lane and pass, a lane that appears during a pass waits for the next one.
//! Invariant: only lanes whose head is resolved and that may advance are ever visited.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use bytes::Bytes;

use crate::effect::AdvanceItem;
use crate::entries::Entries;
use crate::ids::{BatchId, EventId, Lane, Moment};

/// What a lane is doing.
#[derive(Debug)]
pub(crate) enum Activity {
    /// Waits for its head to be resolved, or is ready.
    Idle,
    /// A batch is being advanced, or waits to be tried again.
    Advancing(Flight),
    /// Its head was failed and will be offered again (`P2`, hold).
    Held,
    /// The producer was asked to read it again (`P2`, rewind).
    Rewinding(Rewinding),
}

/// What is known until the lane is read again.
#[derive(Debug)]
pub(crate) struct Rewinding {
    /// The payload of the raw event that comes first then.
    pub(crate) payload: Bytes,
    /// The first read that is sure to give what comes after the rewind; None until the producer has answered.
    pub(crate) from: Option<u64>,
    /// Whether raw events were left out that only this payload could have placed before the rewind.
    pub(crate) left_out: bool,
}

/// One batch on its way.
#[derive(Debug, Clone)]
pub(crate) struct Flight {
    pub(crate) batch: BatchId,
    pub(crate) items: Arc<[AdvanceItem]>,
    /// Calls of advance that were made.
    pub(crate) calls: u32,
    /// When the running call is overdue; None while it waits to be tried again, or has no deadline.
    pub(crate) overdue: Option<Moment>,
    /// Whether a call is running.
    pub(crate) running: bool,
    /// When it may be tried again, while it waits for that.
    pub(crate) again: Option<Moment>,
}

/// One lane.
#[derive(Debug)]
pub(crate) struct LaneState {
    pub(crate) lane: Lane,
    pub(crate) head: Option<EventId>,
    tail: EventId,
    /// Its place among the lanes: grows with each appearance.
    order: u64,
    pub(crate) activity: Activity,
    /// When the oldest raw event that it advances or reads again was read; without meaning otherwise.
    pub(crate) since: Moment,
    /// Rewinds in a row without progress.
    pub(crate) rewinds: u32,
    /// Rewinds that the producer has not answered yet.
    pub(crate) asked: u32,
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Lanes {
    by_name: HashMap<Lane, u32>,
    slab: Vec<Option<LaneState>>,
    free: Vec<u32>,
    ready: BTreeSet<(u64, u32)>,
    next_order: u64,
    /// The running pass: the next place to look at, and the first place of the lanes that appeared after it began.
    pass: (u64, u64),
}

impl Lanes {
    /// The lane of that name, new if need be.
    pub(crate) fn find_or_add(&mut self, lane: &Lane) -> u32 {
        if let Some(at) = self.by_name.get(lane) {
            return *at;
        }
        let state = LaneState {
            lane: lane.clone(),
            head: None,
            tail: EventId(0),
            order: 0,
            activity: Activity::Idle,
            since: Moment::default(),
            rewinds: 0,
            asked: 0,
        };
        let at = match self.free.pop() {
            Some(at) => {
                self.slab[at as usize] = Some(state);
                at
            }
            None => {
                self.slab.push(Some(state));
                u32::try_from(self.slab.len() - 1).unwrap_or(u32::MAX)
            }
        };
        self.by_name.insert(lane.clone(), at);
        at
    }

    pub(crate) fn find(&self, lane: &Lane) -> Option<u32> {
        self.by_name.get(lane).copied()
    }

    pub(crate) fn get(&self, at: u32) -> Option<&LaneState> {
        self.slab.get(at as usize)?.as_ref()
    }

    pub(crate) fn get_mut(&mut self, at: u32) -> Option<&mut LaneState> {
        self.slab.get_mut(at as usize)?.as_mut()
    }

    /// All of them, in no particular order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, &LaneState)> {
        (0_u32..).zip(&self.slab).filter_map(|(at, lane)| Some((at, lane.as_ref()?)))
    }

    /// Puts `id` at the end of a lane. A lane that was empty appears as a new one, behind all others (`P1`).
    pub(crate) fn append(&mut self, at: u32, id: EventId, entries: &mut Entries) {
        let next_order = self.next_order;
        let Some(lane) = self.get_mut(at) else { return };
        match lane.head {
            None => {
                (lane.head, lane.order) = (Some(id), next_order);
                lane.tail = id;
                self.next_order += 1;
            }
            Some(_) => {
                let tail = std::mem::replace(&mut lane.tail, id);
                if let Some(entry) = entries.get_mut(tail) {
                    entry.next_in_lane = Some(id);
                }
            }
        }
    }

    /// Has to be called when `id`, an event of this lane, is resolved: the lane is ready if `id` is its head and
    /// nothing else keeps it.
    pub(crate) fn resolved(&mut self, at: u32, id: EventId) {
        if let Some(lane) = self.get(at)
            && lane.head == Some(id)
            && matches!(lane.activity, Activity::Idle)
        {
            self.ready.insert((lane.order, at));
        }
    }

    /// Looks again at a lane that was kept: it is ready if its head is resolved, and forgotten if nothing is left of
    /// it.
    pub(crate) fn settle(&mut self, at: u32, entries: &Entries) {
        let Some(lane) = self.get(at) else { return };
        if !matches!(lane.activity, Activity::Idle) {
            return;
        }
        match lane.head {
            Some(head) if entries.get(head).is_some_and(|entry| entry.left == 0) => self.resolved(at, head),
            Some(_) => {}
            None if lane.rewinds > 0 || lane.asked > 0 => {}
            None => {
                if let Some(lane) = self.slab.get_mut(at as usize).and_then(Option::take) {
                    self.by_name.remove(&lane.lane);
                    self.free.push(at);
                }
            }
        }
    }

    /// The next lane of the pass, taken from the ready ones; a new pass begins when the running one has none left
    /// (`P4`).
    pub(crate) fn next_ready(&mut self) -> Option<u32> {
        let (from, until) = self.pass;
        let found = self.ready.range((from, 0)..(until, 0)).next().copied().or_else(|| {
            self.pass = (0, self.next_order);
            self.ready.first().copied()
        });
        match found {
            Some(place) => {
                self.ready.remove(&place);
                self.pass.0 = place.0 + 1;
                Some(place.1)
            }
            None => {
                self.pass = (0, 0);
                None
            }
        }
    }

    pub(crate) fn any_ready(&self) -> bool {
        !self.ready.is_empty()
    }

    /// Stops all advances.
    pub(crate) fn abandon(&mut self) {
        self.ready.clear();
    }

    /// Forgets a rewound lane's list.
    pub(crate) fn clear(&mut self, at: u32) {
        if let Some(lane) = self.get_mut(at) {
            lane.head = None;
        }
    }

    /// Lanes with anything in them.
    pub(crate) fn len(&self) -> usize {
        self.by_name.len()
    }
}
