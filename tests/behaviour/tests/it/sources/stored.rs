//! What an API has stored of numbered messages, by whom each was fired; and moments at which a host is killed.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::time::{Duration, Instant};

use fastrand::Rng;
use serde_json::Value;

use super::Scene;

/// No wait for further events is nearly so long, also when the API has stalled before.
const PATIENCE: Duration = Duration::from_secs(120);

/// See the module.
#[derive(Default)]
pub(crate) struct Stored {
    /// Numbers by trigger.
    numbers: BTreeMap<u64, BTreeSet<u64>>,
    keys: HashSet<String>,
    /// The last entry of the record that was looked at.
    sequence: u64,
}

impl Stored {
    /// How many events.
    pub(crate) fn count(&self) -> usize {
        self.keys.len()
    }

    /// Whether this trigger has fired for this number.
    pub(crate) fn has(&self, trigger: u64, number: u64) -> bool {
        self.numbers.get(&trigger).is_some_and(|numbers| numbers.contains(&number))
    }

    /// Reads on in the record; waits for the first new entry so many seconds. False: there was none.
    pub(crate) fn look(&mut self, scene: &Scene, wait: u64) -> bool {
        let more = scene.events_after(self.sequence, wait);
        for event in &more {
            self.sequence = event["sequence"].as_u64().unwrap();
            self.add(event);
        }
        !more.is_empty()
    }

    /// Reads all that is there.
    pub(crate) fn catch_up(&mut self, scene: &Scene) {
        while self.look(scene, 0) {}
    }

    /// Waits until so many events are stored.
    pub(crate) fn until(&mut self, scene: &mut Scene, count: usize) {
        let mut since = Instant::now();
        while self.count() < count {
            if self.look(scene, 10) {
                since = Instant::now();
            } else if since.elapsed() > PATIENCE {
                let (has, streams) = (self.count(), scene.ask("/streams"));
                panic!("{has} of {count} are stored: {streams}\n{}", scene.host.kill());
            }
        }
    }

    fn add(&mut self, event: &Value) {
        assert_eq!(event["what"], "event", "{event}");
        let (trigger, number) = (event["trigger_id"].as_u64().unwrap(), event["payload"].as_u64().unwrap());
        // What comes again with the key it had is not in the record again.
        let is_new = self.numbers.entry(trigger).or_default().insert(number);
        assert!(is_new, "stored twice, so its key was another one: {event}");
        let key = event["idempotency_key"].as_str().unwrap().to_owned();
        assert!(self.keys.insert(key), "another event has this key: {event}");
    }
}

/// When a host dies.
#[derive(Debug)]
pub(crate) enum Moment {
    /// Once so many events are stored.
    Stored(usize),
    /// Once it has said so many lines, all of them while it starts and joins.
    Said(usize),
}

impl Moment {
    /// One at random; `most`: how many more events may be stored until then.
    pub(crate) fn draw(random: &mut Rng, stored: &Stored, most: usize) -> Self {
        match random.u8(..4) {
            0 => Self::Said(random.usize(1..6)),
            _ => Self::Stored(stored.count() + random.usize(1..=most.max(1))),
        }
    }

    pub(crate) fn wait(&self, scene: &mut Scene, stored: &mut Stored) {
        match self {
            Self::Stored(count) => stored.until(scene, *count),
            Self::Said(lines) => (0..*lines).for_each(|_| drop(scene.host.error_line())),
        }
    }
}

/// A number from the environment.
#[expect(clippy::disallowed_methods, reason = "a test has no command line of its own")]
pub(crate) fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().expect(name))
}

/// How many repetitions the API has dropped so far.
pub(crate) fn repetitions(scene: &Scene) -> u64 {
    let (mut after, mut sum) = (0, 0);
    loop {
        let page = scene.events_after(after, 0);
        let Some(last) = page.last() else { return sum };
        after = last["sequence"].as_u64().unwrap();
        sum += page.iter().map(|event| event["repetitions"].as_u64().unwrap()).sum::<u64>();
    }
}
