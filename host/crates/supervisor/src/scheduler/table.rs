//! The triggers this host holds, by id and by slot. Kept small: a waiting trigger is this row, its kwargs, its
//! checkpoint and a timer.

use std::collections::HashMap;
use std::sync::Arc;

use trigger_host_types::{Assets, ClassPath, PackedTask, TriggerId, TriggerKind, UnixMs};

use super::outbox::Outbox;
use crate::fair::Group;
use crate::observer::Subject;

/// Names one state of one trigger. Outdated as soon as the trigger moves on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Ticket {
    pub(crate) slot: u32,
    pub(crate) serial: u32,
}

/// Where a trigger stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// A timer is armed for the next call.
    Idle,
    /// Waits for a permit.
    Ready,
    /// A call is running.
    Polling,
    /// Waits for raw events of its shared stream, or a filter looks at some.
    Listening,
    /// Waits for a place among the requests.
    Sending,
    /// A request is in flight.
    InFlight,
    /// A timer is armed for the next attempt at a request.
    SendLater,
    /// Cannot be run and cannot be given back: waits to be taken away.
    Held,
}

const PHASES: usize = Phase::Held as usize + 1;

/// One trigger.
#[derive(Debug)]
pub(crate) struct Trigger<C> {
    /// Airflow's id.
    pub(crate) id: TriggerId,
    /// As Airflow stores it.
    pub(crate) classpath: ClassPath,
    /// What it is mapped to; none when nothing is.
    pub(crate) class: Option<C>,
    /// Neutral JSON text.
    pub(crate) kwargs: Box<str>,
    /// The last one stored.
    pub(crate) checkpoint: Option<Box<str>>,
    /// Outcomes stored.
    pub(crate) position: u64,
    /// The deferred task instance.
    pub(crate) task: Option<Arc<PackedTask>>,
    /// What an asset watcher watches, where the server tells.
    pub(crate) assets: Option<Assets>,
    /// When the scheduler gives the deferral up.
    pub(crate) timeout_at: Option<UnixMs>,
    /// No event of a task leaves before.
    pub(super) first_event_at: UnixMs,
    pub(super) outbox: Option<Box<Outbox>>,
    pub(super) group: Group,
    serial: u32,
    /// The number of the last `load` that listed it.
    pub(super) listed: u32,
    pub(super) phase: Phase,
    /// What waits for it.
    pub(crate) kind: TriggerKind,
    /// `load` no longer lists it; it stays until its outbox is empty.
    pub(super) vanished: bool,
    /// An event was accepted.
    pub(super) fired: bool,
    /// Whether a call was ever started.
    pub(super) started: bool,
    /// Failures in a row, for the back-off of asset watchers.
    pub(super) failures: u8,
    /// Calls in a row that asked for the next one at once.
    pub(super) hurried: u8,
}

impl<C> Trigger<C> {
    /// Who it is, for those who are told of it.
    pub(crate) fn subject(&self) -> Subject {
        Subject { trigger: self.id, classpath: self.classpath.clone(), kind: self.kind, task: self.task.clone() }
    }
}

/// What is needed for a new row.
#[derive(Debug)]
pub(crate) struct NewTrigger<C> {
    pub(crate) id: TriggerId,
    pub(crate) classpath: ClassPath,
    pub(crate) class: Option<C>,
    pub(crate) kwargs: String,
    pub(crate) checkpoint: Option<String>,
    pub(crate) position: u64,
    pub(crate) task: Option<PackedTask>,
    pub(crate) assets: Option<Assets>,
    pub(crate) timeout_at: Option<UnixMs>,
    pub(crate) first_event_at: UnixMs,
    pub(crate) group: Group,
    pub(crate) kind: TriggerKind,
}

/// All triggers.
#[derive(Debug)]
pub(crate) struct Table<C> {
    rows: Vec<Option<Trigger<C>>>,
    free: Vec<u32>,
    by_id: HashMap<TriggerId, u32>,
    /// How many are in each phase, so that nobody has to look at every row.
    in_phase: [usize; PHASES],
    serial: u32,
    /// The number of the current `load`.
    pub(super) load: u32,
}

impl<C> Default for Table<C> {
    fn default() -> Self {
        Self { rows: Vec::new(), free: Vec::new(), by_id: HashMap::new(), in_phase: [0; PHASES], serial: 0, load: 0 }
    }
}

impl<C> Table<C> {
    pub(crate) fn len(&self) -> usize {
        self.by_id.len()
    }

    pub(crate) fn slot_of(&self, id: TriggerId) -> Option<u32> {
        self.by_id.get(&id).copied()
    }

    pub(crate) fn row(&self, slot: u32) -> Option<&Trigger<C>> {
        self.rows.get(slot as usize)?.as_ref()
    }

    pub(crate) fn row_mut(&mut self, slot: u32) -> Option<&mut Trigger<C>> {
        self.rows.get_mut(slot as usize)?.as_mut()
    }

    /// The trigger, unless the ticket is outdated.
    pub(crate) fn get(&self, ticket: Ticket) -> Option<&Trigger<C>> {
        self.row(ticket.slot).filter(|trigger| trigger.serial == ticket.serial)
    }

    /// The current ticket of a slot.
    pub(crate) fn ticket(&self, slot: u32) -> Option<Ticket> {
        self.row(slot).map(|trigger| Ticket { slot, serial: trigger.serial })
    }

    /// Moves a trigger to `phase` and outdates every earlier ticket of it.
    pub(crate) fn renew(&mut self, slot: u32, phase: Phase) -> Option<Ticket> {
        self.serial = self.serial.wrapping_add(1);
        let serial = self.serial;
        let trigger = self.row_mut(slot)?;
        trigger.serial = serial;
        let before = std::mem::replace(&mut trigger.phase, phase);
        self.in_phase[before as usize] -= 1;
        self.in_phase[phase as usize] += 1;
        Some(Ticket { slot, serial })
    }

    pub(crate) fn insert(&mut self, new: NewTrigger<C>) -> u32 {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.rows.push(None);
            u32::try_from(self.rows.len() - 1).unwrap_or(u32::MAX)
        });
        self.serial = self.serial.wrapping_add(1);
        self.by_id.insert(new.id, slot);
        self.in_phase[Phase::Held as usize] += 1;
        self.rows[slot as usize] = Some(Trigger {
            id: new.id,
            classpath: new.classpath,
            class: new.class,
            kwargs: new.kwargs.into_boxed_str(),
            checkpoint: new.checkpoint.map(String::into_boxed_str),
            position: new.position,
            task: new.task.map(Arc::new),
            assets: new.assets,
            timeout_at: new.timeout_at,
            first_event_at: new.first_event_at,
            outbox: None,
            group: new.group,
            serial: self.serial,
            listed: self.load,
            phase: Phase::Held,
            kind: new.kind,
            vanished: false,
            fired: false,
            started: false,
            failures: 0,
            hurried: 0,
        });
        slot
    }

    pub(crate) fn remove(&mut self, slot: u32) -> Option<Trigger<C>> {
        let trigger = self.rows.get_mut(slot as usize)?.take()?;
        self.by_id.remove(&trigger.id);
        self.in_phase[trigger.phase as usize] -= 1;
        self.free.push(slot);
        Some(trigger)
    }

    /// How many are in `phase`.
    pub(crate) fn count(&self, phase: Phase) -> usize {
        self.in_phase[phase as usize]
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, &Trigger<C>)> {
        (0..).zip(&self.rows).filter_map(|(slot, row)| Some((slot, row.as_ref()?)))
    }

    pub(crate) fn slots_in(&self, phase: Phase) -> Vec<u32> {
        self.iter().filter(|(_, trigger)| trigger.phase == phase).map(|(slot, _)| slot).collect()
    }
}
