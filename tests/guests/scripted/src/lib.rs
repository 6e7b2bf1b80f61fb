//! Does what its kwargs say, step by step: for tests that are about what surrounds a trigger.
//!
//! The kwarg `steps` is a list of [`Step`]s, each an object of one key. A poll goes on until a step that waits; the
//! checkpoint is where it goes on from. Every test of a deployment that needs a moment for itself holds the trigger at
//! a gate, a URL that answers 200 when it is open.

use trigger_host_sdk::prelude::*;
use trigger_host_sdk::serde_json::{Map, Value};
use trigger_host_sdk::to_neutral;

const GATE_EVERY: Duration = Duration::from_millis(250);

/// Does what its kwargs say, step by step.
#[trigger(allow_unknown)]
struct Scripted {
    /// What to do.
    steps: Vec<Step>,
}

/// One thing to do.
#[kwargs]
#[derive(Clone)]
#[serde(rename_all = "snake_case")]
enum Step {
    /// Writes a line.
    Log(String),
    /// Goes on after so many seconds.
    Wait(Duration),
    /// Goes on when this URL answers 200.
    Gate(String),
    /// Fires this payload.
    Fire(Value),
    /// Ends the task as succeeded with these XComs.
    Succeed(Map<String, Value>),
    /// Ends the task as failed with these XComs.
    FailTask(Map<String, Value>),
    /// Ends the task as skipped with these XComs.
    SkipTask(Map<String, Value>),
    /// Fails: a message, then details.
    Raise(Vec<String>),
}

/// What lives on between two polls.
#[checkpoint]
struct Progress {
    /// The step to go on with.
    step: usize,
}

impl Trigger for Scripted {
    type Checkpoint = Progress;

    fn poll(&self, _: &Context, progress: Option<Progress>) -> Result<Outcome<Progress>> {
        let first = progress.map_or(0, |progress| progress.step);
        let mut events = Vec::new();
        for (number, step) in self.steps.iter().enumerate().skip(first) {
            let pause = |wait, step| Outcome::again_after(wait).checkpoint(Progress { step });
            let event = match step.clone() {
                Step::Log(line) => {
                    info!("{line}");
                    continue;
                }
                Step::Wait(wait) => return Ok(with(pause(wait, number + 1), events)),
                Step::Gate(url) => match http::get(url).send() {
                    Ok(answer) if answer.status == 200 => continue,
                    _ if number > first || !events.is_empty() => return Ok(with(pause(GATE_EVERY, number), events)),
                    _ => return Ok(Outcome::again_after(GATE_EVERY)),
                },
                Step::Fire(payload) => Event::fire(to_neutral(payload)),
                Step::Succeed(xcoms) => pushing(Event::task_success(), xcoms),
                Step::FailTask(xcoms) => pushing(Event::task_failed(), xcoms),
                Step::SkipTask(xcoms) => pushing(Event::task_skipped(), xcoms),
                Step::Raise(lines) => return Err(failure(lines)),
            };
            events.push(event);
        }
        Ok(with(Outcome::finished(), events))
    }
}

fn with(outcome: Outcome<Progress>, events: Vec<Event>) -> Outcome<Progress> {
    events.into_iter().fold(outcome, Outcome::event)
}

fn pushing(event: Event, xcoms: Map<String, Value>) -> Event {
    xcoms.into_iter().fold(event, |event, (key, value)| event.xcom(key, to_neutral(value)))
}

fn failure(lines: Vec<String>) -> Error {
    let mut lines = lines.into_iter();
    let message = lines.next().unwrap_or_else(|| "failed as told".to_owned());
    lines.fold(Error::failed(message), Error::detail)
}
