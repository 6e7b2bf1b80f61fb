//! The state machine: its state, the commands that concern all triggers, and the small moves that the other files are
//! made of.

use std::collections::{HashMap, HashSet, VecDeque};

use trigger_host_types::step::{Finish, StepKind};
use trigger_host_types::{TriggerId, UnixMs};

use crate::batches::Batches;
use crate::bounds::{Bounds, Server};
use crate::claim::Refusal;
use crate::effect::Effect;
use crate::fair::FairQueue;
use crate::impossible::Impossible;
use crate::outside::Outside;
use crate::table::{Phase, Slot, Table, Ticket, Trigger};
use crate::wheel::Wheel;

/// The state machine.
#[derive(Debug)]
pub struct Scheduler<O: Outside> {
    pub(crate) bounds: Bounds,
    pub(crate) server: Server,
    pub(crate) table: Table<O>,
    pub(crate) wheel: Wheel<Ticket>,
    pub(crate) ready: FairQueue<(UnixMs, Ticket)>,
    /// Requests with one message.
    pub(crate) sends: VecDeque<Ticket>,
    pub(crate) batches: Batches,
    pub(crate) sending: usize,
    /// Ids whose workloads were asked for.
    pub(crate) claiming: HashSet<TriggerId>,
    /// Ids that were listed but had no workload: how often, and when to ask again.
    pub(crate) omitted: HashMap<TriggerId, (u32, UnixMs)>,
    pub(crate) paused: bool,
    pub(crate) draining: bool,
    /// This host's heartbeats were good for the whole last threshold.
    pub(crate) heartbeats_good: bool,
    pub(crate) cleanup_wanted: bool,
    pub(crate) effects: Vec<Effect<O>>,
}

impl<O: Outside> Scheduler<O> {
    /// A scheduler that has claimed nothing.
    pub fn new(bounds: Bounds, server: Server, now: UnixMs) -> Self {
        Self {
            bounds,
            server,
            table: Table::default(),
            wheel: Wheel::new(now),
            ready: FairQueue::new(bounds.live_instances),
            sends: VecDeque::new(),
            batches: Batches::default(),
            sending: 0,
            claiming: HashSet::new(),
            omitted: HashMap::new(),
            paused: false,
            draining: false,
            heartbeats_good: true,
            cleanup_wanted: false,
            effects: Vec::new(),
        }
    }

    /// The effects since the last call, after starting whatever may start at `now`.
    pub fn effects(&mut self, now: UnixMs) -> Vec<Effect<O>> {
        self.fire_timers(now);
        self.start_polls(now);
        self.start_sends();
        std::mem::take(&mut self.effects)
    }

    /// When [`Scheduler::effects`] should be asked next, if nothing is reported before.
    pub fn next_wake(&self) -> Option<UnixMs> {
        self.wheel.next()
    }

    /// The trigger behind a ticket that is not outdated.
    pub fn trigger(&self, ticket: Ticket) -> Option<&Trigger<O>> {
        self.table.get(ticket)
    }

    /// Triggers held.
    pub fn triggers(&self) -> usize {
        self.table.len()
    }

    /// Triggers held that cannot be run.
    pub fn held(&self) -> usize {
        self.table.count(Phase::Held)
    }

    /// Calls that are running.
    pub fn polling(&self) -> usize {
        self.ready.out()
    }

    /// Whether this host is ending: no more calls are started.
    pub fn is_draining(&self) -> bool {
        self.draining
    }

    /// Whether nothing can happen before the next timer.
    pub fn is_quiescent(&self) -> bool {
        self.ready.waiting() == 0
            && self.ready.out() == 0
            && self.sends.is_empty()
            && self.batches.queue.is_empty()
            && self.sending == 0
            && self.claiming.is_empty()
    }

    /// Whether an event, a failure or a checkpoint is still to be sent.
    pub fn has_deliveries(&self) -> bool {
        [Phase::Sending, Phase::InFlight, Phase::SendLater].into_iter().any(|phase| self.table.count(phase) > 0)
    }

    /// Whether `cleanup` is due because an outcome was accepted since the last call.
    pub fn take_cleanup(&mut self) -> bool {
        std::mem::take(&mut self.cleanup_wanted)
    }

    /// Notes whether this host's heartbeats were good for the whole last threshold; if not, what vanishes may be
    /// another host's.
    pub fn note_heartbeats(&mut self, good: bool) {
        self.heartbeats_good = good;
    }

    /// Starts no more calls, and drops those that run: they start again from their checkpoints on
    /// [`Scheduler::resume`].
    ///
    /// Listeners stay: one that left its stream would not be asked about what is read for its siblings meanwhile, and
    /// that is then advanced past. What their filters emit is for the API to accept, or to refuse where another host
    /// holds the trigger by now.
    pub fn pause(&mut self, now: UnixMs) {
        if std::mem::replace(&mut self.paused, true) {
            return;
        }
        for slot in self.table.slots_in(Phase::Polling) {
            self.cancel_poll(slot);
            self.make_ready(slot, now);
        }
    }

    /// Starts calls again.
    pub fn resume(&mut self) {
        self.paused = false;
    }

    /// Starts no more calls and listens no more.
    pub fn drain(&mut self) {
        self.draining = true;
        self.stop_listening();
    }

    /// Drops every running call; for the end of a drain.
    pub fn cancel_polls(&mut self) {
        for slot in self.table.slots_in(Phase::Polling) {
            self.cancel_poll(slot);
            self.table.renew(slot, Phase::Idle);
        }
    }

    /// Reports every trigger as drained; for the end of a drain.
    pub fn give_back(&mut self, now: UnixMs) {
        let slots: Vec<Slot> = self.table.iter().map(|(slot, _)| slot).collect();
        for slot in slots {
            self.report(slot, now, StepKind::Finished { reason: Finish::Drained });
        }
    }

    /// The Job is gone and its claims with it: stops everything except what is still to be delivered.
    pub fn forget_claims(&mut self, server: Server, now: UnixMs) {
        self.server = server;
        self.claiming.clear();
        self.omitted.clear();
        self.heartbeats_good = false;
        let slots: Vec<Slot> = self.table.iter().map(|(slot, _)| slot).collect();
        for slot in slots {
            self.vanish(slot, now);
        }
    }

    /// Replaces what the class paths are mapped to; `None` for those that are no longer mapped.
    pub fn remap(&mut self, mapped: impl Fn(&Trigger<O>) -> Option<O::Class>, now: UnixMs) {
        let slots: Vec<Slot> = self.table.iter().map(|(slot, _)| slot).collect();
        for slot in slots {
            let Some(trigger) = self.table.row_mut(slot) else {
                self.count(Impossible::EmptySlot);
                continue;
            };
            trigger.class = mapped(trigger);
            let unmapped = trigger.class.is_none().then(|| Refusal::unmapped(&trigger.classpath));
            let (phase, undecoded) = (trigger.phase, trigger.kwargs.is_empty());
            match (unmapped, phase) {
                (Some(refusal), Phase::Idle | Phase::Ready | Phase::Polling | Phase::Listening) => {
                    if matches!(phase, Phase::Polling | Phase::Listening) {
                        self.cancel_poll(slot);
                    }
                    self.refuse(slot, refusal, now);
                }
                (None, Phase::Held) if undecoded => self.refuse(slot, Refusal::undecoded(), now),
                (None, Phase::Held) => self.make_ready(slot, now),
                // With the filter, and from the source, of the new catalog.
                (None, Phase::Listening) => {
                    self.cancel_poll(slot);
                    self.make_ready(slot, now);
                }
                _ => {}
            }
        }
    }

    pub(crate) fn cancel_poll(&mut self, slot: Slot) {
        let (Some(ticket), Some(trigger)) = (self.table.ticket(slot), self.table.row(slot)) else {
            return self.count(Impossible::EmptySlot);
        };
        if trigger.phase == Phase::Polling {
            self.ready.done(trigger.group);
        }
        self.effects.push(Effect::CancelPoll(ticket));
    }

    pub(crate) fn make_ready(&mut self, slot: Slot, due: UnixMs) {
        match (self.table.renew(slot, Phase::Ready), self.table.row(slot)) {
            (Some(ticket), Some(trigger)) => self.ready.push(trigger.group, (due, ticket)),
            _ => self.count(Impossible::EmptySlot),
        }
    }

    pub(crate) fn arm(&mut self, slot: Slot, phase: Phase, due: UnixMs) {
        match self.table.renew(slot, phase) {
            Some(ticket) => self.wheel.arm(due, ticket),
            None => self.count(Impossible::EmptySlot),
        }
    }

    /// Forgets a trigger.
    pub(crate) fn finish(&mut self, slot: Slot, reason: Finish, now: UnixMs) {
        let is_done = matches!(reason, Finish::Fired | Finish::Failed);
        if is_done {
            self.leave_for_good(slot);
        }
        self.report(slot, now, StepKind::Finished { reason });
        self.table.remove(slot);
        self.cleanup_wanted |= is_done;
    }

    pub(crate) fn report(&mut self, slot: Slot, now: UnixMs, what: StepKind) {
        match self.table.row(slot) {
            Some(trigger) => {
                let subject = trigger.subject();
                let step = subject.step(now, what);
                self.effects.push(Effect::Report(subject, step));
            }
            None => self.count(Impossible::EmptySlot),
        }
    }

    /// Says that something happened that cannot happen.
    pub(crate) fn count(&mut self, impossible: Impossible) {
        debug_assert!(false, "{impossible:?}");
        self.effects.push(Effect::Count(impossible));
    }

    fn fire_timers(&mut self, now: UnixMs) {
        let mut fired = Vec::new();
        self.wheel.fire(now, |due, ticket| fired.push((due, ticket)));
        for (due, ticket) in fired {
            match self.table.get(ticket).map(|trigger| trigger.phase) {
                Some(Phase::Idle) => self.make_ready(ticket.slot, due),
                Some(Phase::SendLater) => self.queue_send(ticket.slot),
                // Outdated.
                _ => {}
            }
        }
    }
}
