//! The triggers this host holds, by id and by slot.
//!
//! Owns the rows. Kept small: a waiting trigger is its row, its kwargs, its checkpoint and a timer. Invariant: a
//! [`Slot`] comes from the table alone and names a row that is there until the trigger is removed; a [`Ticket`] is
//! outdated as soon as its trigger moves on.

use std::collections::HashMap;
use std::sync::Arc;

use trigger_host_types::step::Subject;
use trigger_host_types::{Assets, ClassPath, PackedTask, TriggerId, TriggerKind, UnixMs};

use crate::fair::Group;
use crate::outbox::Outbox;
use crate::outside::Outside;

/// The place of a trigger in the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Slot(u32);

/// Names one state of one trigger. Outdated as soon as the trigger moves on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Ticket {
    pub(crate) slot: Slot,
    serial: u32,
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
pub struct Trigger<O: Outside> {
    /// Airflow's id.
    pub id: TriggerId,
    /// As Airflow stores it; for a callback, the path of its function.
    pub classpath: ClassPath,
    /// What it is mapped to; `None` when nothing is.
    pub class: Option<O::Class>,
    /// Neutral JSON text.
    pub kwargs: Box<str>,
    /// The last checkpoint stored.
    pub checkpoint: Option<Box<str>>,
    /// Outcomes stored.
    pub position: u64,
    /// The deferred task instance.
    pub task: Option<Arc<PackedTask>>,
    /// What an asset watcher watches, where the server says so.
    pub assets: Option<Assets>,
    /// When Airflow gives the deferral up.
    pub timeout_at: Option<UnixMs>,
    /// No event of a task is sent before this time.
    pub(crate) first_event_at: UnixMs,
    pub(crate) outbox: Option<Box<Outbox<O>>>,
    pub(crate) group: Group,
    serial: u32,
    /// The number of the last `load` that listed it.
    pub(crate) listed: u32,
    pub(crate) phase: Phase,
    /// What waits for it.
    pub kind: TriggerKind,
    /// `load` no longer lists it; it stays until its outbox is empty.
    pub(crate) vanished: bool,
    /// An event was accepted.
    pub(crate) fired: bool,
    /// Whether a call was ever started.
    pub(crate) started: bool,
    /// Failures in a row, for the back-off of asset watchers.
    pub(crate) failures: u8,
    /// Calls in a row that asked for the next one at once.
    pub(crate) hurried: u8,
}

impl<O: Outside> Trigger<O> {
    /// The trigger as observers see it.
    pub fn subject(&self) -> Subject {
        Subject { trigger: self.id, classpath: self.classpath.clone(), kind: self.kind, task: self.task.clone() }
    }
}

/// What is needed for a new row.
#[derive(Debug)]
pub(crate) struct NewTrigger<O: Outside> {
    pub(crate) id: TriggerId,
    pub(crate) classpath: ClassPath,
    pub(crate) class: Option<O::Class>,
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
pub(crate) struct Table<O: Outside> {
    rows: Vec<Option<Trigger<O>>>,
    free: Vec<Slot>,
    by_id: HashMap<TriggerId, Slot>,
    /// How many are in each phase, so that nobody has to look at every row.
    in_phase: [usize; PHASES],
    serial: u32,
    /// The number of the current `load`.
    pub(crate) load: u32,
}

impl<O: Outside> Default for Table<O> {
    fn default() -> Self {
        Self { rows: Vec::new(), free: Vec::new(), by_id: HashMap::new(), in_phase: [0; PHASES], serial: 0, load: 0 }
    }
}

impl<O: Outside> Table<O> {
    pub(crate) fn len(&self) -> usize {
        self.by_id.len()
    }

    pub(crate) fn slot_of(&self, id: TriggerId) -> Option<Slot> {
        self.by_id.get(&id).copied()
    }

    pub(crate) fn row(&self, slot: Slot) -> Option<&Trigger<O>> {
        self.rows.get(slot.0 as usize)?.as_ref()
    }

    pub(crate) fn row_mut(&mut self, slot: Slot) -> Option<&mut Trigger<O>> {
        self.rows.get_mut(slot.0 as usize)?.as_mut()
    }

    /// What the trigger in a slot still has to deliver.
    pub(crate) fn outbox_mut(&mut self, slot: Slot) -> Option<&mut Outbox<O>> {
        self.row_mut(slot)?.outbox.as_deref_mut()
    }

    /// The trigger behind a ticket that is not outdated.
    pub(crate) fn get(&self, ticket: Ticket) -> Option<&Trigger<O>> {
        self.row(ticket.slot).filter(|trigger| trigger.serial == ticket.serial)
    }

    /// The same, to change it.
    pub(crate) fn get_mut(&mut self, ticket: Ticket) -> Option<&mut Trigger<O>> {
        self.row_mut(ticket.slot).filter(|trigger| trigger.serial == ticket.serial)
    }

    /// The current ticket of a slot.
    pub(crate) fn ticket(&self, slot: Slot) -> Option<Ticket> {
        self.row(slot).map(|trigger| Ticket { slot, serial: trigger.serial })
    }

    /// Moves a trigger to `phase` and outdates every earlier ticket of it.
    pub(crate) fn renew(&mut self, slot: Slot, phase: Phase) -> Option<Ticket> {
        self.serial = self.serial.wrapping_add(1);
        let serial = self.serial;
        let trigger = self.row_mut(slot)?;
        trigger.serial = serial;
        let before = std::mem::replace(&mut trigger.phase, phase);
        self.in_phase[before as usize] -= 1;
        self.in_phase[phase as usize] += 1;
        Some(Ticket { slot, serial })
    }

    pub(crate) fn insert(&mut self, new: NewTrigger<O>) -> Slot {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.rows.push(None);
            Slot(u32::try_from(self.rows.len() - 1).unwrap_or(u32::MAX))
        });
        self.serial = self.serial.wrapping_add(1);
        self.by_id.insert(new.id, slot);
        self.in_phase[Phase::Held as usize] += 1;
        self.rows[slot.0 as usize] = Some(Trigger {
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

    pub(crate) fn remove(&mut self, slot: Slot) -> Option<Trigger<O>> {
        let trigger = self.rows.get_mut(slot.0 as usize)?.take()?;
        self.by_id.remove(&trigger.id);
        self.in_phase[trigger.phase as usize] -= 1;
        self.free.push(slot);
        Some(trigger)
    }

    /// How many are in `phase`.
    pub(crate) fn count(&self, phase: Phase) -> usize {
        self.in_phase[phase as usize]
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (Slot, &Trigger<O>)> {
        (0..).map(Slot).zip(&self.rows).filter_map(|(slot, row)| Some((slot, row.as_ref()?)))
    }

    pub(crate) fn slots_in(&self, phase: Phase) -> Vec<Slot> {
        self.iter().filter(|(_, trigger)| trigger.phase == phase).map(|(slot, _)| slot).collect()
    }
}
