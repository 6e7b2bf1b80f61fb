//! Airflow's manager with its producers, filters and storage, played on top of the state machine.
//!
//! Owns the upstreams, the blocked advances and the operations that wait for a group to end. Invariant: a step runs
//! until nothing moves, and no time passes in it but what `tick` says.

mod effects;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::Duration;

use matching::Match;
use serde_json::{Value, json};
use stream_rules::recorded::Recorded as _;
use stream_rules::{
    BatchId, Effect, Group, GroupId, Lane, Mode, Moment, Policy, PollEnd, Raw, Registry, Seq, Sequence, StreamKey,
    SubscriptionId,
};

use super::record::Record;

/// What an upstream has ready.
enum Ready {
    Event { id: String, lane: Value },
    End(PollEnd),
}

struct Played {
    group: Group,
    id: GroupId,
    stream: String,
    /// Whether it waits for raw events.
    reads: bool,
    /// Advances that are running.
    in_flight: usize,
    /// Whether its poll began in this turn.
    begins: bool,
}

struct Handle {
    group: usize,
    subscription: SubscriptionId,
}

enum Action {
    Do(Effect),
    /// An advance that does not block is over.
    Return {
        batch: BatchId,
        well: bool,
    },
}

enum Waiting {
    Unsubscribe { name: String, group: usize },
    StopAll { rest: VecDeque<usize> },
}

/// See the module.
pub(crate) struct World {
    policy: Policy,
    streams: Value,
    now: Moment,
    sequence: Sequence,
    registry: Registry<usize>,
    groups: Vec<Played>,
    upstream: HashMap<String, VecDeque<Ready>>,
    advance_mode: HashMap<String, String>,
    blocked: Vec<(usize, BatchId)>,
    handles: HashMap<i64, Handle>,
    numbers: HashMap<String, Seq>,
    waiting: Vec<Waiting>,
    most_in_flight: BTreeMap<String, usize>,
    actions: VecDeque<(usize, Action)>,
    /// Whether what groups ask for is being done.
    acting: bool,
    record: Record,
}

impl World {
    pub(crate) fn new(setup: &Value) -> Self {
        let config = &setup["config"];
        let seconds = |key: &str| Duration::from_secs_f64(config[key].as_f64().unwrap_or(0.0).max(0.0));
        let mut policy = Policy::airflow();
        if let Some(queue) = config["queue_max"].as_u64() {
            policy.queue = usize::try_from(queue).unwrap_or(usize::MAX);
        }
        if config["ack_timeout"].is_number() {
            policy.ack_timeout = seconds("ack_timeout");
        }
        policy.grace = seconds("grace");
        let names = setup["streams"].as_object().into_iter().flatten().map(|(name, _)| (name.clone(), 0));
        Self {
            policy,
            streams: setup["streams"].clone(),
            now: Moment::default(),
            sequence: Sequence::default(),
            registry: Registry::default(),
            groups: Vec::new(),
            upstream: HashMap::new(),
            advance_mode: HashMap::new(),
            blocked: Vec::new(),
            handles: HashMap::new(),
            numbers: HashMap::new(),
            waiting: Vec::new(),
            most_in_flight: names.collect(),
            actions: VecDeque::new(),
            acting: false,
            record: Record::default(),
        }
    }

    /// Most advances at once, per stream.
    pub(crate) fn most_in_flight(&self) -> Value {
        json!(self.most_in_flight)
    }

    /// Plays one step; what happened, in the shape of the files.
    pub(crate) fn step(&mut self, step: &Value) -> Result<Value, String> {
        let text = |key: &str| step[key].as_str().unwrap_or_default().to_owned();
        let sub = step["sub"].as_i64().unwrap_or_default();
        match step["op"].as_str().unwrap_or_default() {
            "subscribe" => self.subscribe(sub, step["stream"].as_str()),
            "emit" => self.emit(&text("stream"), &step["events"]),
            "pull" => self.with(sub, |group, subscription, now, effects| {
                // One that has left gets nothing.
                let _ = group.pull(subscription, 1, now, effects);
            }),
            "yield" => self.yields(sub, &text("as")),
            "confirm" => self.confirm(&step["seqs"]),
            "reject" => self.with(sub, Group::reject),
            "tick" => self.tick(step["dt"].as_f64().unwrap_or_default()),
            "advance_mode" => {
                self.advance_mode.insert(text("stream"), text("mode"));
            }
            "release" => self.release(&text("stream"), &text("result")),
            "unsubscribe" | "crash" => self.unsubscribe(sub),
            "end" => {
                let end = if text("how") == "raise" { failed("upstream") } else { PollEnd::Terminated };
                self.upstream.entry(text("stream")).or_default().push_back(Ready::End(end));
                self.read_what_is_ready();
            }
            "stop_all" => self.stop_all(),
            other => return Err(format!("unknown step `{other}`")),
        }
        self.finish_waiting();
        let mut live: Vec<String> = self.registry.live().map(|(key, _)| key.key().to_owned()).collect();
        live.sort();
        let pending: Vec<String> = self.waiting.iter().map(Waiting::name).collect();
        Ok(std::mem::take(&mut self.record).finish(&pending, &live))
    }

    fn subscribe(&mut self, sub: i64, stream: Option<&str>) {
        let Some(stream) = stream else { return self.record.errors.push(json!("ValueError")) };
        let key = StreamKey::global(stream);
        let mut effects = Vec::new();
        let at = match self.registry.get(&key) {
            Some((_, at)) => *at,
            None => {
                let mode = if self.streams[stream]["mode"] == "ack" { Mode::Ack } else { Mode::Fast };
                let group = Group::new(self.policy, mode, self.sequence.clone(), [], self.now, &mut effects);
                let id = self.registry.number();
                self.groups.push(Played {
                    group,
                    id,
                    stream: stream.to_owned(),
                    reads: false,
                    in_flight: 0,
                    begins: false,
                });
                self.registry.insert(key, id, self.groups.len() - 1);
                self.groups.len() - 1
            }
        };
        let trigger = trigger_host_types::TriggerId(sub);
        match self.groups[at].group.join(trigger, Match::default(), self.now, &mut effects) {
            Ok(subscription) => {
                self.handles.insert(sub, Handle { group: at, subscription });
            }
            Err(_) => self.record.errors.push(json!("RuntimeError")),
        }
        self.act(at, effects);
    }

    /// Calls a subscriber's group.
    fn with(&mut self, sub: i64, call: impl FnOnce(&mut Group, SubscriptionId, Moment, &mut Vec<Effect>)) {
        let Some(Handle { group, subscription }) = self.handles.get(&sub) else { return };
        let (at, mut effects) = (*group, Vec::new());
        call(&mut self.groups[at].group, *subscription, self.now, &mut effects);
        self.act(at, effects);
    }

    fn yields(&mut self, sub: i64, name: &str) {
        let handle = self.handles.get(&sub);
        let seq = handle.and_then(|handle| self.groups[handle.group].group.bind(handle.subscription));
        self.record.bound.push(json!([name, seq.is_some()]));
        self.numbers.extend(seq.map(|seq| (name.to_owned(), seq)));
    }

    /// `B4`: every live group is asked.
    fn confirm(&mut self, names: &Value) {
        let names = names.as_array().into_iter().flatten().filter_map(Value::as_str);
        let seqs: Vec<Seq> = names.filter_map(|name| self.numbers.get(name)).copied().collect();
        let live: Vec<usize> = self.registry.live().map(|(_, at)| *at).collect();
        for at in live {
            let mut effects = Vec::new();
            self.groups[at].group.confirm(seqs.iter().copied(), self.now, &mut effects);
            self.act(at, effects);
        }
    }

    fn tick(&mut self, seconds: f64) {
        self.now = self.now.after(Duration::from_secs_f64(seconds));
        for at in 0..self.groups.len() {
            let mut effects = Vec::new();
            self.groups[at].group.tick(self.now, &mut effects);
            self.act(at, effects);
        }
    }

    fn unsubscribe(&mut self, sub: i64) {
        let Some(Handle { group: at, subscription }) = self.handles.remove(&sub) else { return };
        let was_over = self.groups[at].group.is_evicted();
        let mut effects = Vec::new();
        self.groups[at].group.leave(subscription, self.now, &mut effects);
        self.act(at, effects);
        if !was_over && self.groups[at].group.is_evicted() {
            self.waiting.push(Waiting::Unsubscribe { name: format!("unsubscribe:{sub}"), group: at });
        }
    }

    /// `X2`: the table is emptied in one step, the groups are stopped one after the other.
    fn stop_all(&mut self) {
        let rest: VecDeque<usize> = self.registry.take_all().into_iter().map(|(_, at)| at).collect();
        for at in &rest {
            self.groups[*at].group.detach();
        }
        if let Some(first) = rest.front().copied() {
            self.waiting.push(Waiting::StopAll { rest });
            self.stop(first);
        }
    }

    fn stop(&mut self, at: usize) {
        let mut effects = Vec::new();
        self.groups[at].group.stop(self.now, &mut effects);
        self.act(at, effects);
    }

    /// Lets operations end whose group has.
    fn finish_waiting(&mut self) {
        let mut waiting = std::mem::take(&mut self.waiting);
        waiting.retain_mut(|operation| match operation {
            Waiting::Unsubscribe { group, .. } => !self.groups[*group].group.is_ended(),
            Waiting::StopAll { rest } => {
                while rest.front().is_some_and(|at| self.groups[*at].group.is_ended()) {
                    rest.pop_front();
                    if let Some(next) = rest.front() {
                        self.stop(*next);
                    }
                }
                !rest.is_empty()
            }
        });
        self.waiting.append(&mut waiting);
    }

    fn emit(&mut self, stream: &str, events: &Value) {
        for event in events.as_array().into_iter().flatten() {
            let (id, lane) = match event.as_array() {
                Some(pair) => (pair.first().cloned(), pair.get(1).cloned()),
                None => (Some(event.clone()), None),
            };
            let id = id.and_then(|id| id.as_str().map(str::to_owned)).unwrap_or_default();
            let ready = Ready::Event { id, lane: lane.unwrap_or_default() };
            self.upstream.entry(stream.to_owned()).or_default().push_back(ready);
        }
        self.read_what_is_ready();
    }

    fn read_what_is_ready(&mut self) {
        self.act(0, Vec::new());
    }

    /// Gives a running poll everything that is ready, in one burst.
    fn feed(&mut self, at: usize) {
        let stream = self.groups[at].stream.clone();
        let acks = self.streams[stream.as_str()]["mode"] == "ack";
        let ready = self.upstream.entry(stream).or_default();
        let (mut events, mut end) = (Vec::new(), None);
        while let Some(next) = ready.pop_front() {
            match next {
                Ready::Event { lane, .. } if acks && lane == "!raise" => end = Some(failed("lane")),
                Ready::Event { lane, .. } if acks && lane == "!unhashable" => end = Some(failed("TypeError")),
                Ready::Event { id, lane } => {
                    let payload = bytes::Bytes::from(id);
                    events.push(Raw { data: payload.clone(), payload, lane: Lane(lane.to_string().into()) });
                }
                Ready::End(how) => end = Some(how),
            }
            if end.is_some() {
                break;
            }
        }
        self.groups[at].reads = false;
        let mut effects = Vec::new();
        self.groups[at].group.read(events, end, self.now, &mut effects);
        self.act(at, effects);
    }

    fn release(&mut self, stream: &str, result: &str) {
        let oldest = self.blocked.iter().position(|(at, _)| self.groups[*at].stream == stream);
        if let Some((at, batch)) = oldest.map(|oldest| self.blocked.remove(oldest)) {
            self.return_from_advance(at, batch, result != "raise");
        }
    }
}

impl Waiting {
    fn name(&self) -> String {
        match self {
            Self::Unsubscribe { name, .. } => name.clone(),
            Self::StopAll { .. } => "stop_all".to_owned(),
        }
    }
}

fn failed(what: &str) -> PollEnd {
    PollEnd::Failed(what.into())
}
