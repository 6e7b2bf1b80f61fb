//! An endpoint as a group reads it.
//!
//! Owns the cursor. Invariants: one request at a time reads; a rewind ends a request that waits; the cursor that is
//! posted is behind settled raw events alone.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use parking_lot::Mutex;
use serde_json::json;
use stream_rules::{AdvanceError, AdvanceItem, Lane, Raw};
use streams::{Producer, Read, Reader, SourceError};
use tokio::sync::Notify;
use tokio::time::sleep;
use trigger_host_types::Backoff;
use trigger_host_types::http::{Error, Request, Response};
use url::Url;

use super::batch::{self, Answer, Place};
use super::settings::Settings;
use crate::ledger::Ledger;
use crate::source::Exchange;

/// Requests in a row that may fail before the group ends.
const MOST_FAILURES: u32 = 8;
/// Waits after failures in a row.
const AFTER_FAILURE: Backoff = Backoff::new(Duration::from_millis(500), Duration::from_secs(64));

/// See the module.
pub(super) struct LongPoll {
    settings: Settings,
    url: Url,
    exchange: Arc<dyn Exchange>,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    rewound: Notify,
}

#[derive(Default)]
struct State {
    ledger: Ledger,
    /// Where to read again from, until the reader has seen it.
    rewind: Option<Place>,
    /// What was posted last.
    posted: Option<String>,
}

impl LongPoll {
    pub(super) fn new(settings: Settings, url: Url, exchange: Arc<dyn Exchange>) -> Self {
        Self { settings, url, exchange, shared: Arc::default() }
    }

    async fn post(&self, url: &Url, cursor: &str) -> Result<(), AdvanceError> {
        let request = Request {
            method: "POST".to_owned(),
            url: url.to_string(),
            headers: vec![("content-type".to_owned(), "application/json".to_owned())],
            body: Some(json!({ "cursor": cursor }).to_string().into_bytes()),
            connection: self.settings.connection.clone(),
            timeout: Some(self.settings.within()),
        };
        let failed = |what: String, fatal| AdvanceError { what: what.into(), fatal, retry_after: None };
        match self.exchange.send(request).await {
            Ok(response) if (200..300).contains(&response.status) => Ok(()),
            Ok(response) => {
                Err(failed(format!("the endpoint answered {}", response.status), !is_passing(response.status)))
            }
            Err(error) => Err(failed(error.to_string(), !may_pass(&error))),
        }
    }
}

/// Whether a status may be another one the next time.
fn is_passing(status: u16) -> bool {
    matches!(status, 408 | 425 | 429 | 500..=599)
}

/// Whether the same request may succeed later: a refusal ends the same way every time.
fn may_pass(error: &Error) -> bool {
    matches!(error, Error::Deadline(_) | Error::Unreachable(_))
}

#[async_trait]
impl Producer for LongPoll {
    fn source(&self) -> &'static str {
        "http"
    }

    async fn open(&self) -> Result<Box<dyn Reader>, SourceError> {
        Ok(Box::new(Batches {
            settings: self.settings.clone(),
            url: self.url.clone(),
            exchange: self.exchange.clone(),
            shared: self.shared.clone(),
            cursor: None,
            skip: 0,
            ready: VecDeque::new(),
        }))
    }

    async fn advance(&self, _lane: &Lane, items: &[AdvanceItem]) -> Result<(), AdvanceError> {
        let Some(url) = &self.settings.acknowledge else { return Ok(()) };
        self.shared.state.lock().ledger.may_settle(items)?;
        let place = items.last().and_then(|item| Place::read(&item.payload));
        if let Some(cursor) = place.as_ref().and_then(Place::settled)
            && self.shared.state.lock().posted.as_deref() != Some(cursor)
        {
            self.post(url, cursor).await?;
            self.shared.state.lock().posted = Some(cursor.to_owned());
        }
        self.shared.state.lock().ledger.settle(items);
        Ok(())
    }

    async fn rewind(&self, _lane: &Lane, payload: &Bytes) -> Result<(), SourceError> {
        let mut state = self.shared.state.lock();
        let place = Place::read(payload).filter(|_| state.ledger.rewind(payload));
        state.rewind = Some(place.ok_or_else(|| SourceError("the raw event to go back to is not known".to_owned()))?);
        self.shared.rewound.notify_one();
        Ok(())
    }

    async fn close(&self) -> Result<(), SourceError> {
        Ok(())
    }
}

struct Batches {
    settings: Settings,
    url: Url,
    exchange: Arc<dyn Exchange>,
    shared: Arc<Shared>,
    cursor: Option<String>,
    /// How many of the next batch were settled before a rewind into its middle.
    skip: usize,
    ready: VecDeque<Raw>,
}

#[async_trait]
impl Reader for Batches {
    async fn read(&mut self, max: usize) -> Result<Read, SourceError> {
        let shared = self.shared.clone();
        loop {
            if let Some(events) = self.take(max) {
                return Ok(Read { events, end: None });
            }
            tokio::select! {
                filled = self.fill() => filled.map_err(SourceError)?,
                () = shared.rewound.notified() => {}
            }
        }
    }
}

impl Batches {
    /// What is ready. In one section with the ledger, so that a rewind comes before or after it.
    fn take(&mut self, max: usize) -> Option<Vec<Raw>> {
        let mut state = self.shared.state.lock();
        if let Some(place) = state.rewind.take() {
            self.ready.clear();
            (self.cursor, self.skip) = (place.from, place.at);
        }
        let most = self.ready.len().min(max);
        let events: Vec<Raw> = self.ready.drain(..most).collect();
        if self.settings.acknowledge.is_some() {
            events.iter().for_each(|event| state.ledger.give(event.payload.clone()));
        }
        (!events.is_empty()).then_some(events)
    }

    /// Gets one batch.
    ///
    /// # Cancel safety
    /// Nothing is changed before the answer is here, and nothing is waited for after that but a pause.
    async fn fill(&mut self) -> Result<(), String> {
        let began = tokio::time::Instant::now();
        let Answer { events, cursor } = self.get().await?;
        let of = events.len();
        let from = self.cursor.clone();
        self.cursor = cursor.or_else(|| from.clone());
        let skip = std::mem::take(&mut self.skip);
        for (at, event) in events.into_iter().enumerate().skip(skip) {
            let place = Place { from: from.clone(), at, of, next: self.cursor.clone() };
            self.ready.push_back(Raw {
                data: event.to_string().into(),
                payload: place.payload(),
                lane: Lane::default(),
            });
        }
        if self.ready.is_empty() {
            // A server that does not wait is asked at our own pace.
            sleep(self.settings.pause.saturating_sub(began.elapsed())).await;
        }
        Ok(())
    }

    async fn get(&self) -> Result<Answer, String> {
        let mut failures = 0;
        loop {
            let what = match self.exchange.send(self.request()).await {
                Ok(Response { status: 200, body, .. }) => {
                    return batch::read_answer(&body, &self.settings, self.cursor.as_deref());
                }
                Ok(Response { status: 204, .. }) => return Ok(Answer { events: Vec::new(), cursor: None }),
                Ok(response) if is_passing(response.status) => format!("the endpoint answered {}", response.status),
                Ok(response) => return Err(format!("the endpoint answered {}", response.status)),
                // A server that keeps a request open for longer than it should has nothing to say.
                Err(Error::Deadline(_)) => return Ok(Answer { events: Vec::new(), cursor: None }),
                Err(error) if !may_pass(&error) => return Err(error.to_string()),
                Err(error) => error.to_string(),
            };
            failures += 1;
            if failures >= MOST_FAILURES {
                return Err(what);
            }
            tracing::warn!(error = %what, failures, "Asking the endpoint of a stream failed and will be repeated.");
            sleep(AFTER_FAILURE.full_wait(failures)).await;
        }
    }

    fn request(&self) -> Request {
        let mut url = self.url.clone();
        if let Some(cursor) = &self.cursor {
            url.query_pairs_mut().append_pair(&self.settings.cursor_parameter, cursor);
        }
        Request {
            method: "GET".to_owned(),
            url: url.into(),
            headers: vec![("accept".to_owned(), "application/json".to_owned())],
            body: None,
            connection: self.settings.connection.clone(),
            timeout: Some(self.settings.within()),
        }
    }
}
