//! `/dev/faults`: shows, sets and lifts trouble.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};

use super::{Body, Refusal};
use crate::api::Shared;
use crate::faults::{Endpoint, Fault, Rule, Standing, When};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    #[serde(default)]
    seed: u64,
    rules: Vec<Wire>,
}

/// A rule as it is written.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    /// Absent: all.
    #[serde(skip_serializing_if = "Option::is_none")]
    endpoint: Option<Endpoint>,
    /// Absent: all.
    #[serde(skip_serializing_if = "Option::is_none")]
    trigger: Option<i64>,
    fault: Name,
    /// Of `latency`.
    #[serde(skip_serializing_if = "Option::is_none")]
    milliseconds: Option<u64>,
    /// Of `status`.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    /// At most one of these two; neither: every call.
    #[serde(skip_serializing_if = "Option::is_none")]
    probability: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nth: Option<u64>,
    /// How many calls it hits before it is spent.
    #[serde(skip_serializing_if = "Option::is_none")]
    times: Option<u64>,
    /// Ends after so long.
    #[serde(skip_serializing_if = "Option::is_none")]
    seconds: Option<f64>,
}

#[derive(Deserialize, Serialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
enum Name {
    Latency,
    Status,
    LoseAnswer,
    LoseRequest,
}

impl TryFrom<Wire> for Rule {
    type Error = String;

    fn try_from(wire: Wire) -> Result<Self, String> {
        let fault = match (wire.fault, wire.milliseconds, wire.status) {
            (Name::Latency, Some(wait), None) => Fault::Latency(Duration::from_millis(wait)),
            (Name::Latency, ..) => {
                return Err("`latency` needs `milliseconds`, and must not have a `status`".to_owned());
            }
            (Name::Status, None, Some(status @ 400..=599)) => Fault::Status(status),
            (Name::Status, ..) => {
                return Err("`status` needs a `status` of 400 to 599, and must not have `milliseconds`".to_owned());
            }
            (Name::LoseAnswer, None, None) => Fault::LoseAnswer,
            (Name::LoseRequest, None, None) => Fault::LoseRequest,
            _ => return Err("a lost request or answer must have neither `milliseconds` nor `status`".to_owned()),
        };
        let when = match (wire.probability, wire.nth) {
            (None, None) => When::Always,
            (Some(probability), None) if (0.0..=1.0).contains(&probability) => When::Probability(probability),
            (None, Some(nth @ 1..)) => When::Nth(nth),
            (Some(_), Some(_)) => return Err("give `probability` or `nth`, not both".to_owned()),
            _ => return Err("`probability` must be 0 to 1, and `nth` at least 1".to_owned()),
        };
        let lasts =
            wire.seconds.map(Duration::try_from_secs_f64).transpose().map_err(|error| format!("`seconds`: {error}"))?;
        Ok(Self { endpoint: wire.endpoint, trigger: wire.trigger, fault, when, times: wire.times, lasts })
    }
}

impl From<&Rule> for Wire {
    fn from(rule: &Rule) -> Self {
        let (fault, milliseconds, status) = match rule.fault {
            Fault::Latency(wait) => (Name::Latency, u64::try_from(wait.as_millis()).ok(), None),
            Fault::Status(status) => (Name::Status, None, Some(status)),
            Fault::LoseAnswer => (Name::LoseAnswer, None, None),
            Fault::LoseRequest => (Name::LoseRequest, None, None),
        };
        let (probability, nth) = match rule.when {
            When::Always => (None, None),
            When::Probability(probability) => (Some(probability), None),
            When::Nth(nth) => (None, Some(nth)),
        };
        let seconds = rule.lasts.map(|lasts| lasts.as_secs_f64());
        Self {
            endpoint: rule.endpoint,
            trigger: rule.trigger,
            fault,
            milliseconds,
            status,
            probability,
            nth,
            times: rule.times,
            seconds,
        }
    }
}

#[derive(Serialize)]
struct Shown {
    rule: Wire,
    seen: u64,
    hits: u64,
}

#[derive(Serialize)]
pub(super) struct Rules {
    rules: Vec<Shown>,
}

pub(super) async fn show(State(app): State<Shared>) -> Json<Rules> {
    let shown =
        |standing: &Standing| Shown { rule: Wire::from(&standing.rule), seen: standing.seen, hits: standing.hits };
    Json(Rules { rules: app.faults.standing().iter().map(shown).collect() })
}

/// Replaces all rules by these.
pub(super) async fn set(State(app): State<Shared>, Body(wanted): Body<Wanted>) -> Result<StatusCode, Refusal> {
    let number = |(at, wire): (usize, Wire)| Rule::try_from(wire).map_err(|what| format!("rule {}: {what}", at + 1));
    let rules: Result<Vec<Rule>, String> = wanted.rules.into_iter().enumerate().map(number).collect();
    app.faults.set(wanted.seed, rules.map_err(|what| Refusal(StatusCode::BAD_REQUEST, what))?);
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn lift(State(app): State<Shared>) -> StatusCode {
    app.faults.lift();
    StatusCode::NO_CONTENT
}
