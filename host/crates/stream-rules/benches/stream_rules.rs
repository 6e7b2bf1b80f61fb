//! What a raw event costs: the state machine alone, with a filter that does nothing, in CPU time of one thread.
//!
//! `cargo bench -p stream-rules` prints one line per figure. Memory is what the process grows by.

#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a program that prints what it measured")]

use std::time::{Duration, Instant};

use bytes::Bytes;
use matching::{Condition, Match};
use serde_json::json;
use stream_rules::{Batch, Effect, Group, Lane, Mode, Moment, Policy, Raw, Seq, Sequence, SubscriptionId, Verdict};
use trigger_host_types::TriggerId;

/// Bytes of memory this process has, as Linux counts them; 0 elsewhere.
fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    statm.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok()).unwrap_or(0) * 4_096
}

/// A group, and what it has asked for.
struct Bench {
    group: Group,
    now: Moment,
    effects: Vec<Effect>,
    subscribers: Vec<SubscriptionId>,
}

impl Bench {
    fn new(policy: Policy, mode: Mode, subscribers: i64, wanted: impl Fn(i64) -> Match) -> Self {
        let (now, mut effects) = (Moment::default(), Vec::new());
        let mut group = Group::new(policy, mode, Sequence::default(), [], now, &mut effects);
        group.opened(now, &mut effects);
        let join = |trigger| group.join(TriggerId(trigger), wanted(trigger), now, &mut effects).unwrap();
        let subscribers: Vec<_> = (0..subscribers).map(join).collect();
        for of in &subscribers {
            group.pull(*of, 256, now, &mut effects).unwrap();
        }
        effects.clear();
        Self { group, now, effects, subscribers }
    }

    /// Reads a burst and lets everyone it reaches answer until nothing moves. `emits`: of which events a subscriber
    /// makes one.
    fn turn(&mut self, events: Vec<Raw>, emits: impl Fn(SubscriptionId, &Batch, usize) -> bool) {
        self.group.read(events, None, self.now, &mut self.effects);
        let mut verdicts = Vec::new();
        while !self.effects.is_empty() {
            for effect in std::mem::take(&mut self.effects) {
                match effect {
                    Effect::HandOver { to, batch } => {
                        verdicts.clear();
                        verdicts.extend((0..batch.len()).map(|at| match emits(to, &batch, at) {
                            true => Verdict::Emit { events: 1 },
                            false => Verdict::Skip,
                        }));
                        self.answer(to, &verdicts);
                    }
                    Effect::Advance { batch, .. } => self.group.advanced(batch, Ok(()), self.now, &mut self.effects),
                    _ => {}
                }
            }
        }
    }

    fn answer(&mut self, to: SubscriptionId, verdicts: &[Verdict]) {
        // Without acknowledgement there is nothing to answer.
        let seqs = self.group.verdicts(to, verdicts, self.now, &mut self.effects).unwrap_or_default();
        self.group.confirm(seqs.into_iter().flatten(), self.now, &mut self.effects);
        self.group.pull(to, 256, self.now, &mut self.effects).unwrap();
    }
}

fn policy() -> Policy {
    Policy { grace: Duration::ZERO, max_outstanding: None, queue: 100_000, ..Policy::safe() }
}

fn event(number: usize) -> Raw {
    let data = Bytes::from(json!({"kind": number % 100, "id": number, "detail": {"state": "done"}}).to_string());
    Raw { payload: data.clone(), data, lane: Lane::default() }
}

fn throughput(name: &str, mode: Mode, subscribers: i64, matched: bool) {
    let wanted = |trigger: i64| match matched {
        true => Match::new(vec![Condition::one_of("/kind", &[json!(trigger % 100)]).unwrap()]).unwrap(),
        false => Match::default(),
    };
    let mut bench = Bench::new(policy(), mode, subscribers, wanted);
    let burst = 64;
    let bursts = (4_000_000 / (burst as i64 * subscribers.max(20))).max(4);
    let events: Vec<Raw> = (0..burst).map(event).collect();
    // Each subscriber emits on one event in a hundred; with a match, on each that reaches it.
    let emits = |to: SubscriptionId, batch: &Batch, at: usize| {
        mode == Mode::Ack && (matched || (batch[at].id.0 as i64 + to.trigger().0) % 100 == 0)
    };
    let mut least = Duration::MAX;
    for _ in 0..3 {
        let began = Instant::now();
        for _ in 0..bursts {
            bench.turn(events.clone(), emits);
        }
        least = least.min(began.elapsed());
    }
    let rate = (bursts as f64 * burst as f64) / least.as_secs_f64();
    println!(
        "{name}, {subscribers} subscribers: {rate:.0} raw events per second, {:.0} ns per event and subscriber",
        { 1e9 / rate / subscribers as f64 }
    );
    assert_eq!(bench.group.counts().outstanding, 0);
}

/// 50,000 raw events outstanding, each in a lane of its own, each waiting for one trigger event to be stored.
fn confirm_cost() {
    const OUTSTANDING: usize = 50_000;
    let mut bench = Bench::new(policy(), Mode::Ack, 1, |_| Match::default());
    let lane = |number: usize| Lane(Bytes::from(format!("receipt-{number}")));
    let events = (0..OUTSTANDING).map(|number| Raw { lane: lane(number), ..event(number) }).collect();
    bench.group.read(events, None, bench.now, &mut bench.effects);
    let of = bench.subscribers[0];
    let mut seqs: Vec<Seq> = Vec::new();
    while seqs.len() < OUTSTANDING {
        let effects = std::mem::take(&mut bench.effects);
        let batch = effects.into_iter().find_map(|effect| match effect {
            Effect::HandOver { batch, .. } => Some(batch),
            _ => None,
        });
        let verdicts = vec![Verdict::Emit { events: 1 }; batch.unwrap().len()];
        let given = bench.group.verdicts(of, &verdicts, bench.now, &mut bench.effects).unwrap();
        seqs.extend(given.into_iter().flatten());
        bench.group.pull(of, 256, bench.now, &mut bench.effects).unwrap();
    }
    assert_eq!(bench.group.counts().lanes, OUTSTANDING);
    // In an order that is not the order of reading.
    let mut order: Vec<usize> = (0..OUTSTANDING).collect();
    order.sort_by_key(|number| number.wrapping_mul(2_654_435_761) % 1_000_003);
    let (began, mut slowest) = (Instant::now(), Duration::ZERO);
    for number in order {
        let one = Instant::now();
        bench.group.confirm([seqs[number]], bench.now, &mut bench.effects);
        for effect in std::mem::take(&mut bench.effects) {
            if let Effect::Advance { batch, .. } = effect {
                bench.group.advanced(batch, Ok(()), bench.now, &mut bench.effects);
            }
        }
        slowest = slowest.max(one.elapsed());
    }
    let mean = began.elapsed() / u32::try_from(OUTSTANDING).unwrap();
    println!(
        "confirm and advance at {OUTSTANDING} outstanding, one lane each: {mean:?} on average, {slowest:?} at worst"
    );
    assert_eq!(bench.group.counts().outstanding, 0);
}

/// Gives the group back, so that the next one cannot use its memory.
fn memory(subscribers: i64, own_lanes: bool) -> Bench {
    const OUTSTANDING: usize = 50_000;
    let mut bench = Bench::new(policy(), Mode::Ack, subscribers, |_| Match::default());
    let raw = |number: usize| {
        let name = Bytes::from(format!("receipt-{number}"));
        let lane = Lane(if own_lanes { name.clone() } else { Bytes::new() });
        Raw { lane, payload: name.clone(), data: name }
    };
    let before = resident();
    for burst in 0..OUTSTANDING / 100 {
        let events = (burst * 100..(burst + 1) * 100).map(raw).collect();
        bench.group.read(events, None, bench.now, &mut bench.effects);
        bench.effects.clear();
    }
    let each = resident().saturating_sub(before) / OUTSTANDING;
    let lanes = if own_lanes { "one lane each" } else { "one lane" };
    println!("memory per outstanding event, {subscribers} subscribers, {lanes}: {each} bytes with its name");
    bench
}

/// 10,000 raw events that 100 subscribers never answer, all overdue at once.
fn mass_timeout() {
    const OUTSTANDING: usize = 10_000;
    let mut bench = Bench::new(policy(), Mode::Ack, 100, |_| Match::default());
    bench.group.read((0..OUTSTANDING).map(event).collect(), None, bench.now, &mut bench.effects);
    let began = Instant::now();
    bench.group.tick(bench.now.after(Duration::from_secs(24 * 3_600)), &mut bench.effects);
    println!("{OUTSTANDING} events of 100 subscribers time out together: {:?}", began.elapsed());
}

fn main() {
    let sizes = [(100, false), (100, true), (1_000, true)];
    let groups: Vec<Bench> = sizes.into_iter().map(|(subscribers, own_lanes)| memory(subscribers, own_lanes)).collect();
    drop(groups);
    for subscribers in [1, 10, 100, 1_000] {
        throughput("fast", Mode::Fast, subscribers, false);
        throughput("ack", Mode::Ack, subscribers, false);
        throughput("ack with a match on one field in a hundred", Mode::Ack, subscribers, true);
    }
    confirm_cost();
    mass_timeout();
}
