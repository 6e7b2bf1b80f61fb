//! Random schedules of the `safe` rules against a bookkeeper that believes nothing.
//!
//! Checked at every advance: each lane moves in the order it was read, without a gap and without a repetition; every
//! member of the snapshot is counted once; nobody is counted as acked before what they emitted is stored; at most one
//! call per lane and as many in all as allowed. Checked at every step: nothing grows beyond its bound, and a paused
//! group begins no read. Checked at the end: a group whose subscribers answer and whose storage and broker work comes
//! to rest with nothing outstanding, and ends when they leave.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::time::Duration;

use matching::Match;
use proptest::prelude::*;
use stream_rules::recorded::{Recorded as _, Ruling};
use stream_rules::{
    AckClock, AdvancePolicy, Batch, BatchId, Effect, EventId, Group, Mode, Moment, Notice, OnFailed, Policy, QueueFull,
    Seq, Sequence, SubscriptionId, Verdict,
};
use trigger_host_types::TriggerId;

use crate::play::{failure, raw};

#[derive(Debug, Clone)]
enum Step {
    Join(i64),
    Leave(usize),
    Pull(usize, usize),
    Verdicts(usize, Vec<u8>),
    CallFailed(usize),
    Confirm(usize),
    Feed(Vec<u8>),
    Return(usize, bool),
    Tick(u64),
    Pause(bool),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        2 => (0_i64..6).prop_map(Step::Join),
        1 => any::<usize>().prop_map(Step::Leave),
        8 => (any::<usize>(), 1_usize..4).prop_map(|(who, max)| Step::Pull(who, max)),
        8 => (any::<usize>(), prop::collection::vec(any::<u8>(), 4)).prop_map(|(who, what)| Step::Verdicts(who, what)),
        1 => any::<usize>().prop_map(Step::CallFailed),
        5 => any::<usize>().prop_map(Step::Confirm),
        6 => prop::collection::vec(0_u8..3, 1..4).prop_map(Step::Feed),
        5 => (any::<usize>(), prop::bool::weighted(0.8)).prop_map(|(which, well)| Step::Return(which, well)),
        2 => (1_u64..30).prop_map(Step::Tick),
        1 => any::<bool>().prop_map(Step::Pause),
    ]
}

fn policy() -> impl Strategy<Value = Policy> {
    let on_failed = prop_oneof![
        Just(OnFailed::Pass),
        (0_u32..3).prop_map(|attempts| OnFailed::Hold {
            attempts,
            wait: Duration::from_secs(3),
            at_most: Duration::from_secs(40),
        }),
        (0_u32..3).prop_map(|attempts| OnFailed::Rewind { attempts }),
    ];
    let clock =
        prop_oneof![Just(AckClock::Broadcast), Just(AckClock::HandOver { since_read: Duration::from_secs(90) }),];
    (on_failed, clock, 1_usize..4, 1_usize..4, 2_usize..6, any::<bool>()).prop_map(
        |(on_failed, ack_clock, max_in_flight, max_batch, queue, blocks)| Policy {
            queue,
            queue_full: if blocks { QueueFull::Block } else { QueueFull::Fail },
            ack_timeout: Duration::from_secs(50),
            ack_clock,
            on_failed,
            advance: AdvancePolicy { retries: 1_000, max_in_flight, max_batch, ..Policy::safe().advance },
            max_outstanding: Some(12),
            grace: Duration::ZERO,
            drain: None,
            ..Policy::safe()
        },
    )
}

/// What one trigger made of one raw event.
#[derive(Debug, Default, Clone)]
struct Part {
    skipped: bool,
    seqs: BTreeSet<Seq>,
}

#[derive(Debug, Default)]
struct Fed {
    snapshot: BTreeSet<i64>,
    parts: BTreeMap<i64, Part>,
}

/// What a subscriber makes of one raw event.
enum Said {
    Verdict(Verdict),
    Hold,
    Emit(u32, Vec<EventId>),
}

impl Said {
    fn ruling(&self) -> Ruling<'_> {
        match self {
            Self::Verdict(verdict) => Ruling::Verdict(*verdict),
            Self::Hold => Ruling::Hold,
            Self::Emit(events, covers) => Ruling::EmitCovering { events: *events, covers },
        }
    }
}

struct Keeper {
    policy: Policy,
    group: Group,
    now: Moment,
    subscribers: Vec<SubscriptionId>,
    /// Told that they failed.
    failed: BTreeSet<i64>,
    /// Failed, told or not.
    dead: BTreeSet<i64>,
    waiting: BTreeSet<i64>,
    in_hand: HashMap<i64, Batch>,
    held_back: HashMap<i64, Vec<(EventId, String)>>,
    /// In somebody's hands when they were set back: what is made of them gates nothing.
    lost: BTreeSet<EventId>,
    /// Raw events by name, and per lane the names that are not advanced past.
    fed: HashMap<String, Fed>,
    lanes: BTreeMap<String, VecDeque<String>>,
    unconfirmed: Vec<Seq>,
    confirmed: BTreeSet<Seq>,
    running: BTreeMap<BatchId, (String, Vec<String>)>,
    /// To be read again, the lanes that wait for it, and those whose rewind has yet to be answered.
    again: VecDeque<(String, String)>,
    rewinding: BTreeSet<String>,
    unanswered: Vec<String>,
    feeds: usize,
    room: usize,
    names: usize,
    paused: bool,
    evicted: bool,
    ended: bool,
}

impl Keeper {
    fn new(policy: Policy) -> Self {
        let (now, mut effects) = (Moment::default(), Vec::new());
        let group = Group::new(policy, Mode::Ack, Sequence::default(), [], now, &mut effects);
        let mut keeper = Self {
            policy,
            group,
            now,
            subscribers: Vec::new(),
            failed: BTreeSet::new(),
            dead: BTreeSet::new(),
            waiting: BTreeSet::new(),
            in_hand: HashMap::new(),
            held_back: HashMap::new(),
            lost: BTreeSet::new(),
            fed: HashMap::new(),
            lanes: BTreeMap::new(),
            unconfirmed: Vec::new(),
            confirmed: BTreeSet::new(),
            running: BTreeMap::new(),
            again: VecDeque::new(),
            rewinding: BTreeSet::new(),
            unanswered: Vec::new(),
            feeds: 0,
            room: 0,
            names: 0,
            paused: false,
            evicted: false,
            ended: false,
        };
        keeper.act(effects);
        keeper.command(|group, now, effects| group.opened(now, effects));
        keeper
    }

    fn command<R>(&mut self, call: impl FnOnce(&mut Group, Moment, &mut Vec<Effect>) -> R) -> R {
        let mut effects = Vec::new();
        let result = call(&mut self.group, self.now, &mut effects);
        self.act(effects);
        let counts = self.group.counts();
        assert!(counts.outstanding <= 12 + 3, "outstanding is bounded: {counts:?}");
        let places = self.subscribers.len() + 16;
        assert!(counts.timers <= 8 * (places + counts.lanes), "timers are bounded: {counts:?}");
        assert!(counts.lanes <= 3 && counts.advancing <= self.policy.advance.max_in_flight, "{counts:?}");
        result
    }

    fn act(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Read { max } => {
                    assert!(!self.paused, "a paused group begins no read");
                    self.room = max;
                }
                Effect::StopReading => self.room = 0,
                Effect::HandOver { to, batch } => {
                    assert!(self.waiting.remove(&to.trigger().0), "only those who ask are given");
                    self.in_hand.insert(to.trigger().0, batch);
                }
                Effect::Fail { to, .. } => {
                    assert!(self.waiting.remove(&to.trigger().0));
                    self.failed.insert(to.trigger().0);
                }
                Effect::Exhausted { to } => assert!(self.waiting.remove(&to.trigger().0)),
                Effect::Advance { batch, lane, items } => self.check_advance(batch, &text(&lane.0), &items),
                Effect::AbandonAdvance { batch } => {
                    self.running.remove(&batch);
                }
                Effect::Rewind { lane, payload } => self.rewind(&text(&lane.0), &text(&payload)),
                Effect::Evict => self.evicted = true,
                Effect::Ended => self.ended = true,
                Effect::Notice(Notice::AckTimeout(who, _) | Notice::Overflow(who)) => {
                    self.dead.insert(who.0);
                }
                Effect::Open | Effect::Close | Effect::Notice(_) => {}
            }
        }
    }

    fn check_advance(&mut self, batch: BatchId, lane: &str, items: &[stream_rules::AdvanceItem]) {
        assert!(self.running.values().all(|(other, _)| other != lane), "one call per lane");
        assert!(!items.is_empty() && items.len() <= self.policy.advance.max_batch);
        let names: Vec<String> = items.iter().map(|item| text(&item.payload)).collect();
        let expected: Vec<String> = self.lanes[lane].iter().take(names.len()).cloned().collect();
        assert_eq!(names, expected, "a lane advances in order, without gaps and repetitions");
        for item in items {
            let (fed, outcome) = (&self.fed[&text(&item.payload)], item.outcome);
            let counted = outcome.acked + outcome.rejected + outcome.failed();
            assert_eq!(counted as usize, fed.snapshot.len(), "each member is counted once");
            let stored = |part: &&Part| part.seqs.is_subset(&self.confirmed) && (part.skipped || !part.seqs.is_empty());
            let done = fed.parts.values().filter(stored).count();
            assert!(outcome.acked as usize <= done, "never ahead of storage: {outcome:?} {fed:?}");
        }
        self.running.insert(batch, (lane.to_owned(), names));
    }

    fn rewind(&mut self, lane: &str, from: &str) {
        let list = self.lanes.get_mut(lane).expect("it has events");
        let at = list.iter().position(|name| name == from).expect("it is not advanced past");
        self.rewinding.insert(lane.to_owned());
        for name in list.drain(at..).rev() {
            let in_hand = self.in_hand.values().flat_map(|batch| batch.iter());
            self.lost.extend(in_hand.filter(|event| text(&event.data) == name).map(|event| event.id));
            let held_back = self.held_back.values().flatten();
            self.lost.extend(held_back.filter(|(_, held)| *held == name).map(|(id, _)| *id));
            self.again.push_front((name, lane.to_owned()));
        }
    }

    fn someone(&self, which: usize) -> Option<SubscriptionId> {
        (!self.subscribers.is_empty()).then(|| self.subscribers[which % self.subscribers.len()])
    }

    fn play(&mut self, step: Step) {
        match step {
            Step::Join(trigger) => self.join(trigger),
            Step::Leave(which) => self.leave(which),
            Step::Pull(which, max) => self.pull(which, max),
            Step::Verdicts(which, what) => self.answer(which, &what),
            Step::CallFailed(which) => {
                let Some(of) = self.someone(which) else { return };
                if let Some(batch) = self.in_hand.remove(&of.trigger().0) {
                    self.forget(of.trigger().0, &batch);
                    self.command(|group, now, effects| group.call_failed(of, now, effects));
                }
            }
            Step::Confirm(which) => {
                if !self.unconfirmed.is_empty() {
                    let at = which % self.unconfirmed.len();
                    let seq = self.unconfirmed.swap_remove(at);
                    self.confirmed.insert(seq);
                    self.command(|group, now, effects| group.confirm([seq], now, effects));
                }
            }
            Step::Feed(lanes) => self.feed(&lanes),
            Step::Return(which, well) => {
                let Some(batch) = self.running.keys().nth(which % self.running.len().max(1)).copied() else { return };
                self.returned(batch, well);
            }
            Step::Tick(seconds) => {
                self.now = self.now.after(Duration::from_secs(seconds));
                self.command(|group, now, effects| group.tick(now, effects));
            }
            Step::Pause(paused) => self.pause(paused),
        }
    }

    fn pause(&mut self, paused: bool) {
        self.paused = paused;
        self.command(|group, now, effects| match paused {
            true => group.pause(),
            false => group.resume(now, effects),
        });
    }

    fn join(&mut self, trigger: i64) {
        let joined = self.command(|group, now, effects| group.join(TriggerId(trigger), Match::default(), now, effects));
        let known = self.subscribers.iter().any(|of| of.trigger().0 == trigger);
        assert_eq!(joined.is_err(), known || self.evicted);
        self.subscribers.extend(joined.ok());
    }

    fn leave(&mut self, which: usize) {
        let Some(of) = self.someone(which) else { return };
        let trigger = of.trigger().0;
        self.subscribers.retain(|other| *other != of);
        self.failed.remove(&trigger);
        self.dead.remove(&trigger);
        self.waiting.remove(&trigger);
        if let Some(batch) = self.in_hand.remove(&trigger) {
            self.forget(trigger, &batch);
        }
        self.held_back.remove(&trigger);
        self.command(|group, now, effects| group.leave(of, now, effects));
    }

    fn forget(&mut self, trigger: i64, batch: &Batch) {
        self.held_back.remove(&trigger);
        for event in batch.iter() {
            self.fed.get_mut(&text(&event.data)).expect("it was fed").parts.remove(&trigger);
        }
    }

    fn pull(&mut self, which: usize, max: usize) {
        let Some(of) = self.someone(which) else { return };
        let trigger = of.trigger().0;
        if self.in_hand.contains_key(&trigger) {
            let refused = self.command(|group, now, effects| group.pull(of, max, now, effects));
            assert!(refused.is_err(), "verdicts first");
        } else if !self.failed.contains(&trigger) && self.waiting.insert(trigger) {
            self.command(|group, now, effects| group.pull(of, max, now, effects)).expect("it may ask");
        }
    }

    fn answer(&mut self, which: usize, what: &[u8]) {
        let Some(of) = self.someone(which) else { return };
        let trigger = of.trigger().0;
        let Some(batch) = self.in_hand.remove(&trigger) else { return };
        let mut said = Vec::new();
        let mut emitted: Vec<Vec<String>> = Vec::new();
        for (event, choice) in batch.iter().zip(what.iter().cycle()) {
            let name = text(&event.data);
            let part = self.fed.get_mut(&name).expect("it was fed").parts.entry(trigger).or_default();
            *part = Part::default();
            said.push(match choice % 9 {
                0..=3 => {
                    part.skipped = true;
                    Said::Verdict(Verdict::Skip)
                }
                4 => Said::Verdict(Verdict::Reject),
                5 => {
                    self.held_back.entry(trigger).or_default().push((event.id, name));
                    Said::Hold
                }
                8 => Said::Verdict(Verdict::Failed),
                choice => {
                    let covers = self.held_back.remove(&trigger).unwrap_or_default();
                    let gating = covers.iter().filter(|(id, _)| !self.lost.contains(id));
                    let gated: Vec<String> = gating.map(|(_, name)| name.clone()).chain([name]).collect();
                    let events = u32::from(choice) - 5;
                    emitted.extend((0..events).map(|_| gated.clone()));
                    Said::Emit(events, covers.into_iter().map(|(id, _)| id).collect())
                }
            });
        }
        self.give(of, &said, &emitted);
    }

    /// The numbers have to be in the books before the effects of the verdicts are looked at.
    fn give(&mut self, of: SubscriptionId, said: &[Said], emitted: &[Vec<String>]) {
        let mut effects = Vec::new();
        let rulings: Vec<Ruling<'_>> = said.iter().map(Said::ruling).collect();
        let seqs = self.group.rulings(of, &rulings, self.now, &mut effects).expect("they fit");
        assert_eq!(seqs.len(), emitted.len(), "a number for each trigger event");
        for (seq, gated) in seqs.into_iter().zip(emitted).filter_map(|(seq, gated)| Some((seq?, gated))) {
            self.unconfirmed.push(seq);
            for name in gated {
                let part = self.fed.get_mut(name).expect("it was fed").parts.entry(of.trigger().0).or_default();
                part.seqs.insert(seq);
            }
        }
        self.act(effects);
    }

    fn feed(&mut self, lanes: &[u8]) {
        let stale = self.stale();
        let mut events: Vec<(String, String)> = self.again.drain(..self.again.len().min(self.room)).collect();
        // Some answers come late: what was asked for is there first.
        self.feeds += 1;
        let answers = std::mem::take(&mut self.unanswered);
        let done = std::mem::take(&mut self.rewinding);
        let (late, soon): (Vec<_>, Vec<_>) = done.into_iter().partition(|_| self.feeds.is_multiple_of(3));
        self.unanswered = late;
        self.answer_rewinds(answers.into_iter().chain(soon));
        if self.room > 0 && self.feeds.is_multiple_of(2) && !self.evicted {
            self.room = 0;
            self.command(|group, now, effects| group.read(stale, None, now, effects));
        }
        if self.again.is_empty() && events.len() < self.room {
            for lane in lanes {
                self.names += 1;
                events.push((format!("e{}", self.names), format!("l{lane}")));
            }
        }
        // One at a time where a subscriber may be failed between two of them.
        let size = if self.policy.queue_full == QueueFull::Block { events.len().max(1) } else { 1 };
        for burst in events.chunks(size) {
            if self.evicted {
                return;
            }
            let live = self.subscribers.iter().map(|of| of.trigger().0).filter(|who| !self.dead.contains(who));
            let snapshot: BTreeSet<i64> = live.collect();
            let lost = |(_, lane): &&(String, String)| self.rewinding.contains(lane);
            let (rewound, burst): (Vec<_>, Vec<_>) = burst.iter().partition(lost);
            self.again.extend(rewound.iter().map(|lost| (*lost).clone()));
            // They are given all the same, and sometimes after the rewind has answered.
            let stale: Vec<_> = rewound.iter().map(|(name, lane)| raw(name, lane)).collect();
            if self.feeds.is_multiple_of(2) && size >= events.len() {
                let lanes: BTreeSet<String> = rewound.iter().map(|(_, lane)| lane.clone()).collect();
                self.rewinding.retain(|lane| !lanes.contains(lane));
                self.answer_rewinds(lanes);
            }
            for (name, lane) in &burst {
                let fed = Fed { snapshot: snapshot.clone(), parts: BTreeMap::new() };
                self.fed.insert(name.to_string(), fed);
                self.lanes.entry(lane.to_string()).or_default().push_back(name.to_string());
            }
            let burst = burst.iter().map(|(name, lane)| raw(name, lane)).chain(stale).collect();
            self.room = 0;
            self.command(|group, now, effects| group.read(burst, None, now, effects));
        }
    }

    /// What a read that is under way may have got before a rewind: anything but the event that comes first then.
    fn stale(&self) -> Vec<stream_rules::Raw> {
        let of = |lane: &String| {
            let lane = lane.clone();
            self.again.iter().filter(move |(_, other)| *other == lane).skip(1)
        };
        self.rewinding.iter().flat_map(of).map(|(name, lane)| raw(name, lane)).collect()
    }

    fn answer_rewinds(&mut self, lanes: impl IntoIterator<Item = String>) {
        for lane in lanes {
            let lane = raw("", &lane).lane;
            self.command(|group, now, effects| group.rewound(&lane, now, effects));
        }
    }

    fn returned(&mut self, batch: BatchId, well: bool) {
        let (lane, names) = self.running.remove(&batch).expect("it runs");
        if well {
            self.lanes.get_mut(&lane).expect("it has events").drain(..names.len());
        }
        let result = if well { Ok(()) } else { Err(failure("busy", false)) };
        self.command(|group, now, effects| group.advanced(batch, result, now, effects));
    }

    /// Everyone answers, storage and broker work, time passes: nothing may be left over.
    fn come_to_rest(&mut self) {
        for _ in 0..40 {
            self.feed(&[]);
            for of in self.subscribers.clone() {
                let trigger = of.trigger().0;
                let at = self.subscribers.iter().position(|other| *other == of).expect("it is there");
                if self.failed.contains(&trigger) && !self.evicted {
                    self.join(trigger + 100);
                    self.leave(at);
                    continue;
                }
                if let Some(batch) = self.in_hand.remove(&trigger) {
                    for event in batch.iter() {
                        let part = self.fed.get_mut(&text(&event.data)).expect("it was fed").parts.entry(trigger);
                        *part.or_default() = Part { skipped: true, ..Part::default() };
                    }
                    let skips: Vec<Said> = batch.iter().map(|_| Said::Verdict(Verdict::Skip)).collect();
                    self.give(of, &skips, &[]);
                }
                self.pull(at, 3);
            }
            for seq in std::mem::take(&mut self.unconfirmed) {
                self.confirmed.insert(seq);
                self.command(|group, now, effects| group.confirm([seq], now, effects));
            }
            for batch in self.running.keys().copied().collect::<Vec<_>>() {
                self.returned(batch, true);
            }
            self.play(Step::Tick(10));
        }
    }

    fn finish(mut self) {
        self.come_to_rest();
        if self.paused && !self.evicted {
            let outstanding = self.group.counts().outstanding;
            assert_eq!(outstanding, 0, "what is in flight is settled and advanced in a paused group too");
            self.pause(false);
            self.come_to_rest();
        }
        if !self.evicted {
            assert!(self.again.is_empty(), "all that was to be read again was");
            assert!(self.lanes.values().all(VecDeque::is_empty), "all that was read is advanced past");
        }
        if !self.subscribers.is_empty() {
            let counts = self.group.counts();
            let left = (counts.outstanding, counts.queued, counts.unconfirmed, counts.lanes, counts.advancing);
            assert_eq!(left, (0, 0, 0, 0, 0), "a group at rest holds nothing: {counts:?}");
            while !self.subscribers.is_empty() {
                self.leave(0);
            }
            self.come_to_rest();
            self.command(|group, _, effects| group.closed(effects));
            assert!(self.evicted && self.ended, "the last one out ends the group");
        }
    }
}

fn text(bytes: &bytes::Bytes) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

proptest! {
    #[test]
    fn keeps_its_promises(policy in policy(), first in 1_i64..4, steps in prop::collection::vec(step(), 0..120)) {
        let mut keeper = Keeper::new(policy);
        (10..10 + first).for_each(|trigger| keeper.join(trigger));
        for step in steps {
            if !keeper.ended {
                keeper.play(step);
            }
        }
        if !keeper.evicted {
            keeper.join(20);
        }
        keeper.finish();
    }
}
