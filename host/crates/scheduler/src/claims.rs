//! What the API lists: claiming what is new, letting go of what is gone. `load` alone decides what runs.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use trigger_host_types::step::{Finish, StepKind};
use trigger_host_types::{Backoff, PackedTask, TriggerId, TriggerKind, UnixMs};

use crate::bounds::Unmapped;
use crate::claim::{Claim, Claimed, Refusal, UNMAPPED};
use crate::effect::{Effect, Kill};
use crate::impossible::Impossible;
use crate::on_kill::Vanished;
use crate::outbox::{FailureMessage, Message, Then};
use crate::outside::Outside;
use crate::scheduler::Scheduler;
use crate::table::{NewTrigger, Phase, Slot};

/// Waits before an id that was listed without a workload is asked for again: 1 s, doubling up to 32 s.
const ASK_AGAIN_WAITS: Backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(32));

impl<O: Outside> Scheduler<O> {
    /// The answer of `load`. True when it brought something new.
    pub fn listed(&mut self, ids: &[TriggerId], now: UnixMs) -> bool {
        self.table.load = self.table.load.wrapping_add(1);
        let load = self.table.load;
        let mut new = Vec::new();
        let mut omitted = std::mem::take(&mut self.omitted);
        for id in ids {
            if let Some(trigger) = self.table.slot_of(*id).and_then(|slot| self.table.row_mut(slot)) {
                trigger.listed = load;
                continue;
            }
            if let Some(again) = omitted.remove(id) {
                if now < again.1 {
                    self.omitted.insert(*id, again);
                    continue;
                }
                self.omitted.insert(*id, (again.0, u64::MAX));
            }
            if !self.draining && self.claiming.insert(*id) {
                new.push(*id);
            }
        }
        let gone: Vec<Slot> = self
            .table
            .iter()
            .filter(|(_, trigger)| trigger.listed != load && !trigger.vanished)
            .map(|(slot, _)| slot)
            .collect();
        for slot in gone {
            self.vanish(slot, now);
        }
        if new.is_empty() {
            return false;
        }
        self.effects.push(Effect::Fetch(new));
        true
    }

    /// A workload has arrived.
    pub fn claimed(&mut self, claim: Claim<O>, now: UnixMs) -> Claimed {
        self.claiming.remove(&claim.id);
        self.omitted.remove(&claim.id);
        if self.table.slot_of(claim.id).is_some() || self.draining {
            return Claimed::Ignored;
        }
        let unmapped = claim.class.is_none().then(|| Refusal::unmapped(&claim.classpath));
        let (kwargs, refusal) = match claim.kwargs {
            Ok(kwargs) => (kwargs, unmapped),
            Err(refusal) => (String::new(), unmapped.or(Some(refusal))),
        };
        let group = number_group(claim.task.as_ref().map_or(claim.classpath.as_str(), PackedTask::dag_id));
        let resumed = claim.checkpoint.is_some();
        let slot = self.table.insert(NewTrigger {
            id: claim.id,
            classpath: claim.classpath,
            class: claim.class,
            kwargs,
            checkpoint: claim.checkpoint,
            position: claim.position,
            task: claim.task,
            assets: claim.assets,
            timeout_at: claim.timeout_at,
            // Without a process that defers there is none that could be resumed too soon.
            first_event_at: if claim.starts_from_trigger {
                0
            } else {
                now.saturating_add(self.bounds.first_event_after)
            },
            group,
            kind: claim.kind,
        });
        self.report(slot, now, StepKind::Claimed { kind: claim.kind, resumed, component: claim.component });
        match refusal {
            None => {
                self.make_ready(slot, now);
                Claimed::Ready
            }
            Some(refusal) => {
                let reason = refusal.reason;
                self.refuse(slot, refusal, now);
                Claimed::Refused(reason)
            }
        }
    }

    /// These were listed but no workload came, or the request failed: they are asked for again if they are still
    /// listed.
    pub fn not_claimed(&mut self, ids: &[TriggerId], now: UnixMs) {
        for id in ids {
            self.claiming.remove(id);
            let times = self.omitted.get(id).map_or(0, |(times, _)| *times).saturating_add(1);
            let wait = u64::try_from(ASK_AGAIN_WAITS.full_wait(times).as_millis()).unwrap_or(u64::MAX);
            self.omitted.insert(*id, (times, now.saturating_add(wait)));
        }
    }

    /// Fails a task or a callback whose trigger cannot run. A watcher is kept, because the failure route does nothing
    /// for it and there is no way to give it back; so is what the operator wants to be kept
    /// (docs/design/triggerer.md#assignment).
    pub(crate) fn refuse(&mut self, slot: Slot, refusal: Refusal, now: UnixMs) {
        let Some(kind) = self.table.row(slot).map(|trigger| trigger.kind) else {
            return self.count(Impossible::EmptySlot);
        };
        let unmapped = refusal.reason == UNMAPPED;
        let failure = FailureMessage::new(refusal.reason, refusal.message);
        let fails = match kind {
            TriggerKind::Task => !unmapped || self.bounds.unmapped_tasks == Unmapped::Fail,
            TriggerKind::Callback => !unmapped || self.bounds.unmapped_callbacks == Unmapped::Fail,
            TriggerKind::Asset => false,
        };
        if !fails {
            self.table.renew(slot, Phase::Held);
            self.report_failed(slot, &failure, None, now);
        } else if kind == TriggerKind::Task {
            self.deliver(slot, vec![Message::Failure(failure)], Then::Settle, now);
        } else {
            self.callback_failed(slot, &failure, now);
        }
    }

    /// `load` no longer lists it. What is still to be delivered for it is delivered first: an event may be what ended
    /// it.
    pub(crate) fn vanish(&mut self, slot: Slot, now: UnixMs) {
        let Some(trigger) = self.table.row_mut(slot) else { return self.count(Impossible::EmptySlot) };
        let undelivered = trigger.outbox.as_ref().is_some_and(|outbox| outbox.has_outcome());
        if trigger.phase == Phase::InFlight || (undelivered && trigger.phase != Phase::Held) {
            trigger.vanished = true;
        } else {
            self.let_go(slot, now);
        }
    }

    /// Forgets a trigger that was taken away, and calls its `on-kill` if nothing but the user's wish explains it.
    pub(crate) fn let_go(&mut self, slot: Slot, now: UnixMs) {
        let Some(trigger) = self.table.row(slot) else { return self.count(Impossible::EmptySlot) };
        let vanished = Vanished {
            kind: trigger.kind,
            timeout_at: trigger.timeout_at,
            fired: trigger.fired,
            heartbeats_good: self.heartbeats_good,
        };
        // A trigger that never ran has nothing to cancel outside.
        let started = trigger.started || trigger.checkpoint.is_some();
        let killed = vanished.was_killed(now) && trigger.class.is_some() && trigger.phase != Phase::Held;
        let reason = match trigger.timeout_at {
            _ if killed => Finish::Killed,
            Some(timeout) if now >= timeout => Finish::TimedOut,
            _ => Finish::Gone,
        };
        let calls = matches!(trigger.phase, Phase::Polling | Phase::Listening);
        if reason == Finish::TimedOut || vanished.is_over() {
            self.leave_for_good(slot);
        }
        if calls {
            self.cancel_poll(slot);
        }
        self.report(slot, now, StepKind::Finished { reason });
        if let Some(trigger) = self.table.remove(slot).filter(|_| killed && started) {
            self.effects.push(Effect::Kill(Box::new(Kill { trigger })));
        }
    }
}

/// Equal names are one group; that two names may share a number by chance costs fairness between these two, no more.
fn number_group(name: &str) -> u32 {
    let mut hasher = DefaultHasher::new();
    name.hash(&mut hasher);
    (hasher.finish() >> 32) as u32
}
