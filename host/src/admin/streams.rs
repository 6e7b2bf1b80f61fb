//! `GET /streams`, `POST /streams/pause` and `POST /streams/resume`.
//!
//! Owns the form of the answer. Times are whole milliseconds. What a guest wrote (keys, lanes) is masked and made
//! printable.

use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::StatusCode;
use logs::Masker;
use serde::Deserialize;
use serde_json::{Value, json};
use stream_rules::status::{LaneStatus, Status, SubscriberStatus, Totals, Wait};
use stream_rules::{Mode, StreamKey};
use streams::{GroupStatus, PauseError, Seen as SeenGroup, Streams};

use super::{STARTING, Seen};

/// What went wrong: a status and a line of text.
type Refused = (StatusCode, String);

/// Which stream, as `GET /streams` names it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Named {
    key: String,
    /// None: a key that is global across classes.
    #[serde(default)]
    class: Option<String>,
}

/// All groups.
pub(super) async fn list(State(seen): State<Seen>) -> Result<Json<Value>, Refused> {
    let streams = require_streams(&seen)?;
    let groups: Vec<Value> = streams.status().await.iter().map(|group| render(group, &seen.masker)).collect();
    Ok(Json(json!({ "streams": groups })))
}

/// Begins no further read of a stream.
pub(super) async fn pause(
    State(seen): State<Seen>,
    named: Result<Json<Named>, JsonRejection>,
) -> Result<StatusCode, Refused> {
    let (streams, key) = find(&seen, named).await?;
    streams.pause(key.clone()).await.map_err(refuse)?;
    tracing::info!(%key, "A shared stream was paused by the operator.");
    Ok(StatusCode::NO_CONTENT)
}

/// Reads a stream again.
pub(super) async fn resume(
    State(seen): State<Seen>,
    named: Result<Json<Named>, JsonRejection>,
) -> Result<StatusCode, Refused> {
    let (streams, key) = find(&seen, named).await?;
    streams.resume(key.clone()).await.map_err(refuse)?;
    tracing::info!(%key, "A shared stream was resumed by the operator.");
    Ok(StatusCode::NO_CONTENT)
}

fn require_streams(seen: &Seen) -> Result<Streams, Refused> {
    seen.streams().ok_or_else(|| (StatusCode::SERVICE_UNAVAILABLE, STARTING.to_owned()))
}

/// The stream that is meant: named as it is shown, so that a masked key can be named too.
async fn find(seen: &Seen, named: Result<Json<Named>, JsonRejection>) -> Result<(Streams, StreamKey), Refused> {
    let Json(named) = named.map_err(|error| {
        let what = "expected a JSON object {\"key\": \"...\", \"class\": \"...\"} of content-type application/json";
        (error.status(), format!("{what}: {}\n", error.body_text()))
    })?;
    let streams = require_streams(seen)?;
    let is_meant = |group: &GroupStatus| {
        seen.masker.mask(group.key.key()) == named.key
            && group.key.class().map(|class| class.as_str()) == named.class.as_deref()
    };
    let mut meant: Vec<StreamKey> =
        streams.status().await.into_iter().filter(is_meant).map(|group| group.key).collect();
    meant.dedup();
    match (meant.pop(), meant.is_empty()) {
        (Some(key), true) => Ok((streams, key)),
        (Some(_), false) => {
            Err((StatusCode::CONFLICT, "several streams have this key: name the `class` as well\n".to_owned()))
        }
        (None, _) => Err(refuse(PauseError::NoSuchStream)),
    }
}

fn refuse(error: PauseError) -> Refused {
    let status = match error {
        PauseError::NoSuchStream => StatusCode::NOT_FOUND,
        PauseError::TooMany(_) => StatusCode::CONFLICT,
        PauseError::Stopping => StatusCode::SERVICE_UNAVAILABLE,
    };
    (status, format!("{error}\n"))
}

fn render(group: &GroupStatus, masker: &Masker) -> Value {
    let mut value = json!({
        "key": masker.mask(group.key.key()),
        "class": group.key.class(),
        "group": group.id.0,
        "source": group.source,
        "state": group.state(),
        "paused": group.paused,
    });
    if let SeenGroup::Status(status) = &group.seen {
        value["holds"] = render_holdings(status, masker);
        value["done"] = render_totals(&status.totals);
    }
    value
}

fn render_holdings(status: &Status, masker: &Masker) -> Value {
    let counts = &status.counts;
    json!({
        "acknowledged": status.mode == Mode::Ack,
        "reading": status.reading,
        "last_read_ms_ago": status.last_read.map(millis),
        "outstanding": counts.outstanding,
        "oldest_ms": status.oldest.map(millis),
        "queued": counts.queued,
        "lag": status.lag,
        "unstored": counts.unconfirmed,
        "advancing": counts.advancing,
        "subscribers": {
            "total": counts.subscribers,
            "worst": status.subscribers.iter().map(render_subscriber).collect::<Vec<_>>(),
        },
        "lanes": {
            "total": counts.lanes,
            "oldest": status.lanes.iter().map(|one| render_lane(one, masker)).collect::<Vec<_>>(),
        },
    })
}

fn render_subscriber(status: &SubscriberStatus) -> Value {
    let SubscriberStatus { trigger, queued, in_hand, unsettled, failed } = status;
    json!({ "trigger": trigger, "queued": queued, "in_hand": in_hand, "unsettled": unsettled, "failed": failed })
}

fn render_lane(status: &LaneStatus, masker: &Masker) -> Value {
    let name = status.lane.0.escape_ascii().to_string();
    json!({
        "lane": masker.mask(&name),
        "head": status.head.map(|head| head.0),
        "age_ms": millis(status.age),
        "waits_for": render_wait(&status.waits_for),
    })
}

fn render_wait(wait: &Wait) -> Value {
    match wait {
        Wait::Subscribers { undecided, undecided_total, unstored } => json!({
            "what": "subscribers", "undecided": undecided, "undecided_total": undecided_total, "unstored": unstored,
        }),
        Wait::Turn => json!({ "what": "turn" }),
        Wait::Advance { items, call } => json!({ "what": "advance", "items": items, "call": call }),
        Wait::Retry { items, calls, wait } => {
            json!({ "what": "retry", "items": items, "failed_calls": calls, "in_ms": millis(*wait) })
        }
        Wait::Held { failed, failed_total } => {
            json!({ "what": "held", "failed": failed, "failed_total": failed_total })
        }
        Wait::Rewind => json!({ "what": "rewind" }),
    }
}

fn render_totals(totals: &Totals) -> Value {
    let failed: serde_json::Map<String, Value> =
        totals.failed_by().map(|(by, count)| (by.as_str().to_owned(), count.into())).collect();
    json!({
        "reads": totals.reads,
        "read": totals.read,
        "skipped": totals.skipped,
        "rejected": totals.rejected,
        "failed": failed,
        "advances": totals.advances,
        "advances_failed": totals.advances_failed,
        "advanced": totals.advanced,
    })
}

fn millis(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
