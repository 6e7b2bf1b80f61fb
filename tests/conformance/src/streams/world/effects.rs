//! What groups ask for, and how this world answers.
//!
//! Owns the order within one turn: effects in turn, reading last.

use serde_json::{Value, json};
use stream_rules::{AdvanceError, AdvanceItem, BatchId, Effect, Failure, Lane, StreamKey, SubscriptionId};

use super::{Action, World, failed};

impl World {
    pub(super) fn return_from_advance(&mut self, at: usize, batch: BatchId, well: bool) {
        let error = || AdvanceError { what: "advance".into(), fatal: true, retry_after: None };
        self.groups[at].in_flight -= 1;
        if !well && self.groups[at].begins {
            self.replace_overflows(at);
        }
        let mut effects = Vec::new();
        self.groups[at].group.advanced(batch, if well { Ok(()) } else { Err(error()) }, self.now, &mut effects);
        self.act(at, effects);
    }

    /// A tie that Airflow leaves open (`Q6`), as Airflow's loop decides it: in the turn in which a poll begins, its
    /// pump runs before the subscribers that wait, so these see the failed advance in place of their overflow.
    fn replace_overflows(&mut self, at: usize) {
        let here =
            |sub: &Value| sub.as_i64().and_then(|sub| self.handles.get(&sub)).is_some_and(|handle| handle.group == at);
        for failure in self.record.failures.iter_mut().filter(|failure| here(&failure[0]) && failure[1] == "overflow") {
            failure[1] = json!("poll_error:advance");
        }
    }

    /// Does what a group asks for, and what that leads to, in turn. Reading comes last: by then it may no longer be
    /// wanted.
    pub(super) fn act(&mut self, at: usize, effects: Vec<Effect>) {
        self.actions.extend(effects.into_iter().map(|effect| (at, Action::Do(effect))));
        if std::mem::replace(&mut self.acting, true) {
            return;
        }
        loop {
            while let Some((at, action)) = self.actions.pop_front() {
                match action {
                    Action::Do(effect) => self.effect(at, effect),
                    Action::Return { batch, well } => self.return_from_advance(at, batch, well),
                }
            }
            let ready = |stream: &str| self.upstream.get(stream).is_some_and(|ready| !ready.is_empty());
            match self.groups.iter().position(|played| played.reads && ready(&played.stream)) {
                Some(at) => self.feed(at),
                None => break,
            }
        }
        self.acting = false;
        self.groups.iter_mut().for_each(|played| played.begins = false);
    }

    fn effect(&mut self, at: usize, effect: Effect) {
        match effect {
            Effect::Open => self.open(at),
            Effect::Read { .. } => self.groups[at].reads = true,
            Effect::StopReading => self.groups[at].reads = false,
            // Whoever left a group that is being stopped is not there to be told.
            Effect::HandOver { to, .. } | Effect::Fail { to, .. } if !self.is_here(at, to) => {}
            Effect::HandOver { to, batch } => {
                let events = batch.iter().map(|event| json!([to.trigger().0, String::from_utf8_lossy(&event.data)]));
                self.record.delivered.extend(events);
            }
            Effect::Fail { to, failure } => {
                self.record.failures.push(json!([to.trigger().0, reason(&failure)]));
            }
            Effect::Exhausted { to } => self.record.failures.push(json!([to.trigger().0, "exhausted"])),
            Effect::Advance { batch, lane, items } => self.advance(at, batch, &lane, &items),
            Effect::AbandonAdvance { batch } => self.blocked.retain(|blocked| *blocked != (at, batch)),
            Effect::Evict => {
                let key = StreamKey::global(self.groups[at].stream.as_str());
                self.registry.evict(&key, self.groups[at].id);
            }
            Effect::Close => {
                self.record.closed.push(json!(self.groups[at].stream));
                let mut effects = Vec::new();
                self.groups[at].group.closed(&mut effects);
                self.act(at, effects);
            }
            Effect::Rewind { .. } | Effect::Ended | Effect::Notice(_) => {}
        }
    }

    fn is_here(&self, at: usize, subscription: SubscriptionId) -> bool {
        let handle = self.handles.get(&subscription.trigger().0);
        handle.is_some_and(|handle| handle.group == at && handle.subscription == subscription)
    }

    fn open(&mut self, at: usize) {
        let setup = &self.streams[self.groups[at].stream.as_str()];
        let (group, now, mut effects) = (&mut self.groups[at].group, self.now, Vec::new());
        if setup["mode"] == "ack" && setup["factory"] == "raise" {
            group.open_failed(failed("factory"), false, now, &mut effects);
        } else if setup["open"] == "raise" {
            group.open_failed(failed("open"), true, now, &mut effects);
        } else {
            group.opened(now, &mut effects);
            self.groups[at].begins = true;
        }
        self.act(at, effects);
    }

    fn advance(&mut self, at: usize, batch: BatchId, lane: &Lane, items: &[AdvanceItem]) {
        let items = items.iter().map(|AdvanceItem { payload, outcome }| {
            let payload = String::from_utf8_lossy(payload);
            json!([payload, outcome.acked, outcome.failed(), outcome.rejected, outcome.is_clean()])
        });
        let stream = self.groups[at].stream.clone();
        let lane: Value = serde_json::from_slice(&lane.0).unwrap_or_default();
        self.record.advances.push(json!({"stream": stream, "lane": lane, "items": items.collect::<Vec<_>>()}));
        self.groups[at].in_flight += 1;
        let calls = self.groups.iter().filter(|played| played.stream == stream).map(|played| played.in_flight);
        let running: usize = calls.sum();
        let most = self.most_in_flight.entry(stream.clone()).or_default();
        *most = running.max(*most);
        match self.advance_mode.get(&stream).map(String::as_str) {
            Some("hold") => self.blocked.push((at, batch)),
            mode => self.actions.push_back((at, Action::Return { batch, well: mode != Some("raise") })),
        }
    }
}

fn reason(failure: &Failure) -> String {
    match failure {
        Failure::PollTerminated => "poll_terminated".to_owned(),
        Failure::Overflow => "overflow".to_owned(),
        Failure::AckTimeout => "ack_timeout".to_owned(),
        Failure::PollFailed(what) | Failure::AdvanceFailed(what) => format!("poll_error:{what}"),
    }
}
