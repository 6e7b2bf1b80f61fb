//! Which trigger runs when, and what the API is told in which order: a pure state machine.
//!
//! Commands come in as method calls with the time, effects go out into a list; nothing here waits, sends or runs a guest. The actor carries
//! the effects out and reports back with the [`Ticket`] it was given; a report with an outdated ticket changes nothing.
//!
//! Invariants:
//! - a trigger is in exactly one [`Phase`], and has at most one call or request in flight;
//! - an outcome's events are accepted, in order, before its checkpoint is sent, and that before the next call (`TR10`);
//! - a trigger with an event or a failure still to be told is never started again, though `load` lists it;
//! - nothing is remembered of a trigger once its outcome was accepted: ids may be reused.

mod batches;
mod claims;
mod deliveries;
mod listening;
mod outbox;
mod polls;
mod table;

#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use trigger_host_types::{TriggerId, UnixMs};

pub(crate) use self::batches::Batched;
use self::batches::Batches;
pub(crate) use self::claims::{Claim, Refusal, UNMAPPED};
pub(crate) use self::deliveries::Sent;
pub(crate) use self::listening::Heard;
pub(crate) use self::outbox::{Attempts, EventMessage, FailureMessage, Message};
pub(crate) use self::polls::{Answer, Answered};
pub(crate) use self::table::{Phase, Table, Ticket, Trigger};
use crate::fair::FairQueue;
use crate::observer::{Finish, Life, What};
use crate::settings::Unmapped;
use crate::streams::{Fate, Receipt};
use crate::wheel::Wheel;

/// What the actor is to do.
#[derive(Debug)]
pub(crate) enum Effect<C> {
    /// Ask for the workloads of these.
    Fetch(Vec<TriggerId>),
    /// Start a call of the trigger behind this ticket, which was due then.
    Poll { ticket: Ticket, due: UnixMs },
    /// Drop the call behind this ticket; its permit is back already.
    CancelPoll(Ticket),
    /// Wait for raw events of the stream of the trigger behind this ticket.
    Listen(Ticket),
    /// This trigger does not come back: it leaves its stream for good. Comes before its call is cancelled, which is what makes it leave.
    Leave(TriggerId),
    /// Tell the stream what became of an event.
    Settle(Receipt, Fate),
    /// Send this.
    Send { ticket: Ticket, trigger: TriggerId, message: Arc<Message>, attempts: Attempts },
    /// Send these events in one request.
    SendBatch(Vec<Batched>),
    /// The user seems to have ended what waited for it: call `on-kill`, unless the API knows better.
    Kill(Box<Kill<C>>),
    /// Tell the observer.
    Tell(Life),
}

/// A trigger whose `on-kill` is due. It is no longer in the table.
#[derive(Debug)]
pub(crate) struct Kill<C> {
    /// As it was.
    pub(crate) trigger: Trigger<C>,
}

/// The bounds of the state machine, and the operator's word on what it is to do with triggers that it cannot run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// Calls at once.
    pub(crate) live_instances: usize,
    /// Requests at once.
    pub(crate) deliveries: usize,
    /// Milliseconds between a task's claim and its first event.
    pub(crate) first_event_after: u64,
    pub(crate) unmapped_tasks: Unmapped,
    pub(crate) unmapped_callbacks: Unmapped,
}

/// What the server said when the Job was registered.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Server {
    /// The Job, for keys where the server keeps no checkpoints.
    pub(crate) job: i64,
    /// Whether it keeps checkpoints.
    pub(crate) checkpoints: bool,
    /// Whether it takes several events in one request.
    pub(crate) batches: bool,
}

/// What a class path is mapped to, as far as the scheduler has to know it.
pub(crate) trait Mapped: Clone {
    /// Whether its triggers listen to shared streams, and so wait without a place among the calls.
    fn listens(&self) -> bool;
}

/// The state machine. `C` is what a class path is mapped to.
#[derive(Debug)]
pub(crate) struct Scheduler<C> {
    bounds: Bounds,
    server: Server,
    table: Table<C>,
    wheel: Wheel<Ticket>,
    ready: FairQueue<(UnixMs, Ticket)>,
    /// Requests with one message.
    sends: VecDeque<Ticket>,
    batches: Batches,
    sending: usize,
    /// Ids whose workloads were asked for.
    claiming: HashSet<TriggerId>,
    /// Ids that were listed but had no workload: how often, and when to ask again.
    omitted: HashMap<TriggerId, (u32, UnixMs)>,
    paused: bool,
    draining: bool,
    /// This host's heartbeats were good for the whole last threshold.
    heartbeats_good: bool,
    cleanup_wanted: bool,
    effects: Vec<Effect<C>>,
}

impl<C: Mapped> Scheduler<C> {
    /// Nothing claimed.
    pub(crate) fn new(bounds: Bounds, server: Server, now: UnixMs) -> Self {
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
    pub(crate) fn effects(&mut self, now: UnixMs) -> Vec<Effect<C>> {
        self.fire_timers(now);
        self.start_polls(now);
        self.start_sends();
        std::mem::take(&mut self.effects)
    }

    /// When [`Scheduler::effects`] should be asked next, if nothing is reported before.
    pub(crate) fn next_wake(&self) -> Option<UnixMs> {
        self.wheel.next()
    }

    /// The trigger behind a ticket that is not outdated.
    pub(crate) fn trigger(&self, ticket: Ticket) -> Option<&Trigger<C>> {
        self.table.get(ticket)
    }

    /// Triggers held.
    pub(crate) fn len(&self) -> usize {
        self.table.len()
    }

    /// Triggers held that cannot be run.
    pub(crate) fn held(&self) -> usize {
        self.table.count(Phase::Held)
    }

    /// Calls that are running.
    pub(crate) fn polling(&self) -> usize {
        self.ready.out()
    }

    /// Whether no call is started any more.
    pub(crate) fn is_draining(&self) -> bool {
        self.draining
    }

    /// Whether nothing can happen before the next timer.
    pub(crate) fn is_quiescent(&self) -> bool {
        self.ready.waiting() == 0
            && self.ready.out() == 0
            && self.sends.is_empty()
            && self.batches.queue.is_empty()
            && self.sending == 0
            && self.claiming.is_empty()
    }

    /// Whether an event, a failure or a checkpoint is still to be sent.
    pub(crate) fn has_deliveries(&self) -> bool {
        [Phase::Sending, Phase::InFlight, Phase::SendLater].into_iter().any(|phase| self.table.count(phase) > 0)
    }

    /// Whether `cleanup` is due because an outcome was accepted since the last call.
    pub(crate) fn take_cleanup(&mut self) -> bool {
        std::mem::take(&mut self.cleanup_wanted)
    }

    /// Says whether this host's heartbeats were good for the whole last threshold; if not, what vanishes may be another host's.
    pub(crate) fn heartbeats(&mut self, good: bool) {
        self.heartbeats_good = good;
    }

    /// Stops starting calls, and drops those that run: they start again from their checkpoints on [`Scheduler::resume`].
    ///
    /// Those who listen stay: one that leaves its stream is not asked about what is read for its siblings meanwhile, which is then advanced past.
    /// What their filters emit is for the API to take, or to refuse where another host holds the trigger by now.
    pub(crate) fn pause(&mut self, now: UnixMs) {
        if std::mem::replace(&mut self.paused, true) {
            return;
        }
        for slot in self.table.slots_in(Phase::Polling) {
            self.cancel_poll(slot);
            self.make_ready(slot, now);
        }
    }

    /// Starts calls again.
    pub(crate) fn resume(&mut self) {
        self.paused = false;
    }

    /// Starts no call any more, and listens no more.
    pub(crate) fn drain(&mut self) {
        self.draining = true;
        self.stop_listening();
    }

    /// Drops every call that runs; for the end of a drain.
    pub(crate) fn cancel_polls(&mut self) {
        for slot in self.table.slots_in(Phase::Polling) {
            self.cancel_poll(slot);
            self.table.renew(slot, Phase::Idle);
        }
    }

    /// Says of every trigger that this host is done with it; for the end of a drain.
    pub(crate) fn give_back(&mut self, now: UnixMs) {
        let slots: Vec<u32> = self.table.iter().map(|(slot, _)| slot).collect();
        for slot in slots {
            self.tell(slot, now, What::Finished { reason: Finish::Drained });
        }
    }

    /// The Job is gone and its claims with it: stops everything but what is still to be told.
    pub(crate) fn forget_claims(&mut self, server: Server, now: UnixMs) {
        self.server = server;
        self.claiming.clear();
        self.omitted.clear();
        self.heartbeats_good = false;
        let slots: Vec<u32> = self.table.iter().map(|(slot, _)| slot).collect();
        for slot in slots {
            self.vanish(slot, now);
        }
    }

    /// Takes what the class paths are mapped to now; `None` for those that are no longer mapped.
    pub(crate) fn remap(&mut self, mapped: impl Fn(&Trigger<C>) -> Option<C>, now: UnixMs) {
        let slots: Vec<u32> = self.table.iter().map(|(slot, _)| slot).collect();
        for slot in slots {
            let Some(trigger) = self.table.row(slot) else { continue };
            let class = mapped(trigger);
            let (unmapped, phase, undecoded) = (class.is_none(), trigger.phase, trigger.kwargs.is_empty());
            if let Some(trigger) = self.table.row_mut(slot) {
                trigger.class = class;
            }
            match (unmapped, phase) {
                (true, Phase::Idle | Phase::Ready | Phase::Polling | Phase::Listening) => {
                    if matches!(phase, Phase::Polling | Phase::Listening) {
                        self.cancel_poll(slot);
                    }
                    self.refuse(slot, Refusal::unmapped(self.table.row(slot).map(|row| &row.classpath)), now);
                }
                (false, Phase::Held) if undecoded => self.refuse(slot, Refusal::undecoded(), now),
                (false, Phase::Held) => self.make_ready(slot, now),
                // With the filter, and from the source, of the new catalog.
                (false, Phase::Listening) => {
                    self.cancel_poll(slot);
                    self.make_ready(slot, now);
                }
                _ => {}
            }
        }
    }

    fn cancel_poll(&mut self, slot: u32) {
        let Some(ticket) = self.table.ticket(slot) else { return };
        if let Some(trigger) = self.table.row(slot).filter(|trigger| trigger.phase == Phase::Polling) {
            self.ready.done(trigger.group);
        }
        self.effects.push(Effect::CancelPoll(ticket));
    }

    fn make_ready(&mut self, slot: u32, due: UnixMs) {
        let Some(ticket) = self.table.renew(slot, Phase::Ready) else { return };
        if let Some(trigger) = self.table.row(slot) {
            self.ready.push(trigger.group, (due, ticket));
        }
    }

    fn arm(&mut self, slot: u32, phase: Phase, due: UnixMs) {
        if let Some(ticket) = self.table.renew(slot, phase) {
            self.wheel.arm(due, ticket);
        }
    }

    /// Forgets a trigger.
    fn finish(&mut self, slot: u32, reason: Finish, now: UnixMs) {
        let is_done = matches!(reason, Finish::Fired | Finish::Failed);
        if is_done {
            self.leave_for_good(slot);
        }
        self.tell(slot, now, What::Finished { reason });
        self.table.remove(slot);
        self.cleanup_wanted |= is_done;
    }

    fn tell(&mut self, slot: u32, now: UnixMs, what: What) {
        if let Some(trigger) = self.table.row(slot) {
            let life = Life { at: now, subject: trigger.subject(), what };
            self.effects.push(Effect::Tell(life));
        }
    }

    fn fire_timers(&mut self, now: UnixMs) {
        let mut fired = Vec::new();
        self.wheel.fire(now, |due, ticket| fired.push((due, ticket)));
        for (due, ticket) in fired {
            match self.table.get(ticket).map(|trigger| trigger.phase) {
                Some(Phase::Idle) => self.make_ready(ticket.slot, due),
                Some(Phase::SendLater) => self.queue_send(ticket.slot),
                _ => {}
            }
        }
    }
}
