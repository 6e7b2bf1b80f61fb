//! What the API lists: claiming what is new, letting go of what is gone. `load` is the only truth for what to run.

use std::hash::{DefaultHasher, Hash, Hasher};

use trigger_host_types::{Assets, ClassPath, Digest, PackedTask, TriggerId, TriggerKind, UnixMs};

use super::outbox::{FailureMessage, Message, Then};
use super::table::NewTrigger;
use super::{Effect, Kill, Mapped, Phase, Scheduler};
use crate::observer::{Finish, What};
use crate::on_kill::Vanished;
use crate::settings::Unmapped;

/// Waits before an id that was listed without a workload is asked for again: 1 s, doubling up to 32 s.
const ASK_AGAIN_MS: u64 = 1_000;
/// The reason of a trigger that no component is mapped to.
pub(crate) const UNMAPPED: &str = "unmapped";

/// A workload, decoded.
#[derive(Debug)]
pub(crate) struct Claim<C> {
    pub(crate) id: TriggerId,
    pub(crate) classpath: ClassPath,
    /// What the class path is mapped to.
    pub(crate) class: Option<C>,
    /// The component of the class.
    pub(crate) component: Option<Digest>,
    pub(crate) kind: TriggerKind,
    /// Neutral JSON text; or why there is none.
    pub(crate) kwargs: Result<String, Refusal>,
    pub(crate) checkpoint: Option<String>,
    pub(crate) position: u64,
    pub(crate) task: Option<PackedTask>,
    /// What an asset watcher watches, where the server tells.
    pub(crate) assets: Option<Assets>,
    /// No worker deferred the task: it starts from its trigger.
    pub(crate) starts_from_trigger: bool,
    pub(crate) timeout_at: Option<UnixMs>,
}

/// Why a trigger cannot even be started.
#[derive(Debug, Clone)]
pub(crate) struct Refusal {
    /// A short stable code.
    pub(crate) reason: &'static str,
    /// One line, which says what to do.
    pub(crate) message: String,
}

impl Refusal {
    /// Of a trigger that was held for another reason first: an object is never without text, so one without kwargs had
    /// none to decode.
    pub(crate) fn undecoded() -> Self {
        Self { reason: "bad-kwargs", message: "its kwargs could not be decoded when it was claimed".into() }
    }

    pub(crate) fn unmapped(classpath: Option<&ClassPath>) -> Self {
        let classpath = classpath.map_or("?", ClassPath::as_str);
        Self {
            reason: UNMAPPED,
            message: format!(
                "no component is mapped to `{classpath}`: add a [[trigger]] for it to the catalog of the host"
            ),
        }
    }
}

impl<C: Mapped> Scheduler<C> {
    /// The answer of `load`. True when it brought something new.
    pub(crate) fn listed(&mut self, ids: &[TriggerId], now: UnixMs) -> bool {
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
        let gone: Vec<u32> = self
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

    /// A workload has come.
    pub(crate) fn claimed(&mut self, claim: Claim<C>, now: UnixMs) {
        self.claiming.remove(&claim.id);
        self.omitted.remove(&claim.id);
        if self.table.slot_of(claim.id).is_some() || self.draining {
            return;
        }
        let unmapped = claim.class.is_none().then(|| Refusal::unmapped(Some(&claim.classpath)));
        let (kwargs, refusal) = match claim.kwargs {
            Ok(kwargs) => (kwargs, unmapped),
            Err(refusal) => (String::new(), unmapped.or(Some(refusal))),
        };
        let group = group_of(claim.task.as_ref().map_or(claim.classpath.as_str(), PackedTask::dag_id));
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
        self.tell(slot, now, What::Claimed { resumed, component: claim.component });
        match refusal {
            None => self.make_ready(slot, now),
            Some(refusal) => self.refuse(slot, refusal, now),
        }
    }

    /// No workload came for these though they were listed, or asking failed: they are asked for again when they are
    /// still listed.
    pub(crate) fn not_claimed(&mut self, ids: &[TriggerId], now: UnixMs) {
        for id in ids {
            self.claiming.remove(id);
            let times = self.omitted.get(id).map_or(0, |(times, _)| *times);
            self.omitted.insert(*id, (times + 1, now.saturating_add(ASK_AGAIN_MS << times.min(5))));
        }
    }

    /// Tells a task or a callback that its trigger cannot run. A watcher is kept, for the failure route does nothing
    /// for it and there is no way to give it back; so is what the operator wants to be kept
    /// (docs/design/triggerer.md#assignment).
    pub(super) fn refuse(&mut self, slot: u32, refusal: Refusal, now: UnixMs) {
        let Some(kind) = self.table.row(slot).map(|trigger| trigger.kind) else { return };
        let lines = Some(vec![refusal.message.clone()]);
        let unmapped = refusal.reason == UNMAPPED;
        let failure = FailureMessage { reason: refusal.reason, message: refusal.message, lines };
        let fails = match kind {
            TriggerKind::Task => !unmapped || self.bounds.unmapped_tasks == Unmapped::Fail,
            TriggerKind::Callback => !unmapped || self.bounds.unmapped_callbacks == Unmapped::Fail,
            TriggerKind::Asset => false,
        };
        if !fails {
            self.table.renew(slot, Phase::Held);
            self.tell_failed(slot, &failure, None, now);
        } else if kind == TriggerKind::Task {
            self.deliver(slot, vec![Message::Failure(failure)], Then::Settle, now);
        } else {
            self.callback_failed(slot, &failure, now);
        }
    }

    /// `load` no longer lists it. What is still to be told for it is told first: an event may be what ended it.
    pub(super) fn vanish(&mut self, slot: u32, now: UnixMs) {
        let Some(trigger) = self.table.row_mut(slot) else { return };
        let untold = trigger.outbox.as_ref().is_some_and(|outbox| outbox.has_outcome());
        if trigger.phase == Phase::InFlight || (untold && trigger.phase != Phase::Held) {
            trigger.vanished = true;
        } else {
            self.let_go(slot, now);
        }
    }

    /// Forgets a trigger that was taken away, and calls its `on-kill` if nothing but the user's wish explains it.
    pub(super) fn let_go(&mut self, slot: u32, now: UnixMs) {
        let Some(trigger) = self.table.row(slot) else { return };
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
        self.tell(slot, now, What::Finished { reason });
        if let Some(trigger) = self.table.remove(slot).filter(|_| killed && started) {
            self.effects.push(Effect::Kill(Box::new(Kill { trigger })));
        }
    }
}

/// Equal names are one group; that two names may share a number by chance costs fairness between these two, no more.
fn group_of(name: &str) -> u32 {
    let mut hasher = DefaultHasher::new();
    name.hash(&mut hasher);
    (hasher.finish() >> 32) as u32
}
