//! Trouble on demand: what a test makes the server do with calls below `/execution/`. Never touches `/dev/`.
//!
//! Rules are looked at in order. Latencies add up; the first rule that ends the call ends it. Randomness is seeded, so
//! that a run with the same calls in the same order meets the same trouble. Time here is the `real` clock's.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use trigger_host_types::{Clock, UnixMs};

/// What a rule is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Endpoint {
    /// `POST jobs`.
    Register,
    /// `POST jobs/{id}/heartbeat`.
    Heartbeat,
    /// `POST jobs/{id}/complete`.
    Complete,
    /// `POST triggers/load`.
    Load,
    /// `POST triggers/workloads`.
    Workloads,
    /// `POST triggers/{id}/event`; with a status also each event of a batch.
    Event,
    /// `POST triggers/events`, as a whole.
    Events,
    /// `POST triggers/{id}/failure`.
    Failure,
    /// `POST triggers/cleanup`.
    Cleanup,
    /// `PUT triggers/{id}/checkpoint`.
    Checkpoint,
    /// `POST triggers/{id}/runtime-token`.
    RuntimeToken,
    /// Connections, variables, XComs, task instances, Dag runs, stores, health: everything else.
    Runtime,
}

/// A call as rules see it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Call {
    pub(crate) endpoint: Endpoint,
    /// Whom it is about, where the path says so.
    pub(crate) trigger: Option<i64>,
}

impl Call {
    /// The call of a path below `/execution/`.
    pub(crate) fn from_path(path: &str) -> Self {
        let path = path.trim_matches('/');
        let id = path.strip_prefix("triggers/").and_then(|rest| rest.split('/').next());
        Self { endpoint: Endpoint::from_path(path), trigger: id.and_then(|id| id.parse().ok()) }
    }
}

impl Endpoint {
    fn from_path(path: &str) -> Self {
        match path {
            "jobs" => return Self::Register,
            "triggers/load" => return Self::Load,
            "triggers/workloads" => return Self::Workloads,
            "triggers/cleanup" => return Self::Cleanup,
            "triggers/events" => return Self::Events,
            _ => {}
        }
        let verb = path.rsplit('/').next().unwrap_or_default();
        match (path.starts_with("jobs/"), path.starts_with("triggers/"), verb) {
            (true, _, "heartbeat") => Self::Heartbeat,
            (true, _, "complete") => Self::Complete,
            (_, true, "event") => Self::Event,
            (_, true, "failure") => Self::Failure,
            (_, true, "checkpoint") => Self::Checkpoint,
            (_, true, "runtime-token") => Self::RuntimeToken,
            _ => Self::Runtime,
        }
    }
}

/// What happens to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It waits this long before anything is done.
    Latency(Duration),
    /// It is answered with this status and nothing is done.
    Status(u16),
    /// It is done, and the connection is closed without an answer.
    LoseAnswer,
    /// Nothing is done, and the connection is closed without an answer.
    LoseRequest,
}

/// Which of the matching calls a rule hits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum When {
    /// Every matching call.
    Always,
    /// Each with this probability, 0 to 1.
    Probability(f64),
    /// Only this one, counted from 1 since the rule was set.
    Nth(u64),
}

/// One kind of trouble.
#[derive(Debug, Clone)]
pub struct Rule {
    /// To which calls; `None` is all.
    pub endpoint: Option<Endpoint>,
    /// Only to calls about this trigger.
    pub trigger: Option<i64>,
    /// What happens to the calls it hits.
    pub fault: Fault,
    /// Which of the matching calls it hits.
    pub when: When,
    /// How many calls it hits before it is spent; `None` is no limit.
    pub times: Option<u64>,
    /// How long after it was set the rule ends; `None` is never.
    pub lasts: Option<Duration>,
}

impl Rule {
    /// Hits every call of an endpoint until it is lifted.
    pub const fn always(endpoint: Endpoint, fault: Fault) -> Self {
        Self { endpoint: Some(endpoint), trigger: None, fault, when: When::Always, times: None, lasts: None }
    }

    /// Hits one call of an endpoint, counted from 1.
    pub const fn nth(endpoint: Endpoint, nth: u64, fault: Fault) -> Self {
        Self { endpoint: Some(endpoint), trigger: None, fault, when: When::Nth(nth), times: Some(1), lasts: None }
    }

    /// Every connection is closed at once, for a time or until lifted.
    pub const fn outage(lasts: Option<Duration>) -> Self {
        Self { endpoint: None, trigger: None, fault: Fault::LoseRequest, when: When::Always, times: None, lasts }
    }
}

impl Rule {
    fn is_about(&self, call: &Call) -> bool {
        self.endpoint.is_none_or(|endpoint| endpoint == call.endpoint)
            && self.trigger.is_none_or(|trigger| call.trigger == Some(trigger))
    }
}

/// The rules in force. Cheap to clone; all clones share them.
#[derive(Debug, Clone)]
pub struct Faults {
    state: Arc<Mutex<State>>,
    clock: Arc<dyn Clock>,
}

#[derive(Debug, Default)]
struct State {
    rules: Vec<Standing>,
    random: u64,
}

/// A rule with its counts, as `GET /dev/faults` shows it.
#[derive(Debug, Clone)]
pub struct Standing {
    /// The rule.
    pub rule: Rule,
    /// Calls it looked at.
    pub seen: u64,
    /// Calls it hit.
    pub hits: u64,
    until: Option<UnixMs>,
}

/// What is to be done to one call.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Plan {
    pub(crate) wait: Duration,
    pub(crate) end: Option<Fault>,
}

impl Faults {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { state: Arc::default(), clock }
    }

    /// Replaces all rules by these. The same seed gives the same draws.
    pub fn set(&self, seed: u64, rules: Vec<Rule>) {
        let now = self.clock.now();
        let until = |rule: &Rule| rule.lasts.map(|lasts| now.saturating_add(millis(lasts)));
        let rules = rules.into_iter().map(|rule| Standing { until: until(&rule), rule, seen: 0, hits: 0 }).collect();
        *self.state.lock() = State { rules, random: seed };
    }

    /// Lifts every rule.
    pub fn lift(&self) {
        self.state.lock().rules.clear();
    }

    /// The rules with their counts.
    pub fn standing(&self) -> Vec<Standing> {
        self.state.lock().rules.clone()
    }

    /// The status that a rule about events has for one of a batch.
    pub(crate) fn draw_status(&self, trigger: i64) -> Option<u16> {
        let call = Call { endpoint: Endpoint::Event, trigger: Some(trigger) };
        let now = self.clock.now();
        let mut state = self.state.lock();
        let State { rules, random } = &mut *state;
        rules.iter_mut().find_map(|standing| match standing.rule {
            Rule { endpoint: Some(Endpoint::Event), fault: Fault::Status(status), .. } => {
                (standing.rule.is_about(&call) && standing.hit(now, random)).then_some(status)
            }
            _ => None,
        })
    }

    pub(crate) fn plan(&self, call: &Call) -> Plan {
        let now = self.clock.now();
        let mut state = self.state.lock();
        let State { rules, random } = &mut *state;
        let mut plan = Plan::default();
        for standing in rules.iter_mut() {
            if !standing.rule.is_about(call) || !standing.hit(now, random) {
                continue;
            }
            match standing.rule.fault {
                Fault::Latency(wait) => plan.wait += wait,
                end => {
                    plan.end = Some(end);
                    break;
                }
            }
        }
        plan
    }
}

impl Standing {
    fn hit(&mut self, now: UnixMs, random: &mut u64) -> bool {
        if self.until.is_some_and(|until| now >= until) || self.rule.times.is_some_and(|times| self.hits >= times) {
            return false;
        }
        self.seen += 1;
        let hit = match self.rule.when {
            When::Always => true,
            When::Probability(probability) => draw(random) < probability,
            When::Nth(nth) => self.seen == nth,
        };
        self.hits += u64::from(hit);
        hit
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// The next number of the splitmix64 sequence, as a fraction of 1.
fn draw(state: &mut u64) -> f64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^= mixed >> 31;
    #[expect(clippy::cast_precision_loss, reason = "53 bits are exactly what the mantissa holds")]
    let fraction = (mixed >> 11) as f64 / (1_u64 << 53) as f64;
    fraction
}

#[cfg(test)]
mod tests {
    use trigger_host_types::VirtualClock;

    use super::*;

    fn call(endpoint: Endpoint) -> Call {
        Call { endpoint, trigger: None }
    }

    fn faults() -> (Faults, Arc<VirtualClock>) {
        let clock = Arc::new(VirtualClock::new(1_000));
        (Faults::new(Arc::clone(&clock) as Arc<dyn Clock>), clock)
    }

    #[test]
    fn hits_the_nth_call_of_its_endpoint_only() {
        let (faults, _) = faults();
        faults.set(0, vec![Rule::nth(Endpoint::Event, 2, Fault::LoseAnswer)]);
        assert_eq!(faults.plan(&call(Endpoint::Load)), Plan::default());
        assert_eq!(faults.plan(&call(Endpoint::Event)).end, None);
        assert_eq!(faults.plan(&call(Endpoint::Event)).end, Some(Fault::LoseAnswer));
        assert_eq!(faults.plan(&call(Endpoint::Event)).end, None);
    }

    #[test]
    fn an_outage_ends_by_itself() {
        let (faults, clock) = faults();
        faults.set(0, vec![Rule::outage(Some(Duration::from_secs(2)))]);
        assert_eq!(faults.plan(&call(Endpoint::Heartbeat)).end, Some(Fault::LoseRequest));
        clock.advance_to(3_000);
        assert_eq!(faults.plan(&call(Endpoint::Heartbeat)).end, None);
    }

    #[test]
    fn the_same_seed_draws_the_same() {
        let run = || {
            let (faults, _) = faults();
            let rule = Rule {
                endpoint: None,
                trigger: None,
                fault: Fault::Status(503),
                when: When::Probability(0.3),
                times: None,
                lasts: None,
            };
            faults.set(42, vec![rule]);
            (0..1_000).map(|_| faults.plan(&call(Endpoint::Load)).end.is_some()).collect::<Vec<_>>()
        };
        let hits = run().iter().filter(|hit| **hit).count();
        assert_eq!(run(), run());
        assert!((250..350).contains(&hits), "{hits}");
    }

    #[test]
    fn a_rule_can_be_about_one_trigger() {
        let (faults, _) = faults();
        let rule = Rule { trigger: Some(7), ..Rule::always(Endpoint::Event, Fault::Status(500)) };
        faults.set(0, vec![rule]);
        assert_eq!(faults.plan(&Call::from_path("/triggers/6/event")).end, None);
        assert_eq!(faults.plan(&Call::from_path("/triggers/7/event")).end, Some(Fault::Status(500)));
        assert_eq!((faults.draw_status(6), faults.draw_status(7)), (None, Some(500)));
        assert_eq!(faults.plan(&Call::from_path("/triggers/events")).end, None);
    }

    #[test]
    fn names_every_endpoint() {
        for (path, endpoint) in [
            ("jobs", Endpoint::Register),
            ("jobs/7/heartbeat", Endpoint::Heartbeat),
            ("triggers/7/event", Endpoint::Event),
            ("triggers/7/checkpoint", Endpoint::Checkpoint),
            ("triggers/load", Endpoint::Load),
            ("triggers/events", Endpoint::Events),
            ("triggers/7/runtime-token", Endpoint::RuntimeToken),
            ("variables/event", Endpoint::Runtime),
        ] {
            assert_eq!(Call::from_path(path).endpoint, endpoint, "{path}");
        }
    }
}
