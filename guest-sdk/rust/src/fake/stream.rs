//! Shared streams in a native test: a subscriber is handed raw events, a producer is read and advanced against scripted
//! answers.

use std::cell::RefCell;
use std::marker::PhantomData;
use std::rc::Rc;

use serde_json::Value;

use super::host::ScriptGuard;
use super::script::{Network, ScriptedWorld, SentRequest};
use super::{LogLine, test_context};
use crate::http::{Error as HttpError, Response};
use crate::platform::with_world;
use crate::subscriber::Stream;
use crate::{
    AdvanceError, Batch, Demand, Duration, Error, Message, Producer, Received, Result, Settled, Subscriber, Unfinished,
    Verdict, kwargs, run,
};

/// A host for one subscriber `T` of a shared stream.
#[derive(Debug)]
pub struct FakeStream<T> {
    kwargs: String,
    world: Rc<RefCell<ScriptedWorld>>,
    subscriber: PhantomData<T>,
}

impl<T: Subscriber> FakeStream<T> {
    /// A host for a subscriber with these kwargs, at 2026-01-01T00:00:00Z, for an asset.
    pub fn new(kwargs: Value) -> Self {
        Self { kwargs: kwargs.to_string(), world: ScriptedWorld::at_the_start(None), subscriber: PhantomData }
    }

    /// Which upstream it reads.
    ///
    /// # Errors
    /// As the trigger says.
    pub fn stream(&self) -> Result<Stream> {
        kwargs::parse::<T>(&self.kwargs)?.stream()
    }

    /// Its verdicts on these raw events, handed over together.
    ///
    /// # Errors
    /// As the trigger says; none of them is settled then.
    pub fn evaluate(&self, events: &[&[u8]]) -> Result<Vec<Verdict>> {
        let subscriber = kwargs::parse::<T>(&self.kwargs)?;
        let context = test_context(crate::TriggerKind::Asset).into();
        let verdict = |event: &&[u8]| subscriber.evaluate(&context, &Message::new(event, event.len()));
        with_world(self.world.clone(), || events.iter().map(verdict).collect())
    }
}

/// A host for one producer `T`.
#[derive(Debug)]
pub struct FakeUpstream<T: Producer> {
    parameters: String,
    world: Rc<RefCell<ScriptedWorld>>,
    cursor: Option<String>,
    producer: PhantomData<T>,
}

impl<T: Producer> FakeUpstream<T> {
    /// A host for a producer with these parameters, at 2026-01-01T00:00:00Z.
    pub fn new(parameters: Value) -> Self {
        let world = ScriptedWorld::at_the_start(None);
        Self { parameters: parameters.to_string(), world, cursor: None, producer: PhantomData }
    }

    /// What the world answers to this method and URL: `upstream.on("GET", url).json(200, body)`.
    pub fn on(&mut self, method: &str, url: &str) -> ScriptGuard<'_> {
        ScriptGuard::new(&self.world, method, url)
    }

    /// What answers every other request, such as a server of the test's own.
    #[must_use]
    pub fn answered_by(self, answer: impl FnMut(SentRequest) -> Result<Response, HttpError> + 'static) -> Self {
        self.world.borrow_mut().network = Some(Network(Box::new(answer)));
        self
    }

    /// Reads up to `most` messages.
    ///
    /// # Errors
    /// As the producer says.
    pub fn read(&mut self, most: u32) -> Result<Vec<Received>> {
        let demand = Demand::new(most, 20_000, self.world.borrow().now.unix_ms());
        let batch =
            with_world(self.world.clone(), || run::read::<T>(&self.parameters, &demand, self.cursor.as_deref()))?;
        let messages = batch.messages().to_vec();
        self.cursor = Batch::into_wit(batch)?.cursor;
        Ok(messages)
    }

    /// Advances past these: receipts, and how many accepted, rejected and failed each.
    ///
    /// # Errors
    /// As the producer says.
    pub fn advance(&self, batch: &[(&[u8], u32, u32, u32)]) -> Result<Vec<Unfinished>, AdvanceError> {
        let settled = |&(receipt, accepted, rejected, failed): &(&[u8], u32, u32, u32)| Settled {
            receipt: receipt.to_vec(),
            accepted,
            rejected,
            failed,
        };
        let batch: Vec<Settled> = batch.iter().map(settled).collect();
        let now = self.world.borrow().now;
        with_world(self.world.clone(), || run::advance::<T>(&self.parameters, now, &batch))
    }

    /// Keeps these for so long.
    ///
    /// # Errors
    /// As the producer says.
    pub fn extend(&self, receipts: &[&[u8]], hold: impl Into<Duration>) -> Result<(), Error> {
        let receipts: Vec<Vec<u8>> = receipts.iter().map(|receipt| receipt.to_vec()).collect();
        let (now, hold) = (self.world.borrow().now, hold.into());
        with_world(self.world.clone(), || run::extend::<T>(&self.parameters, now, &receipts, hold))
    }

    /// What it has sent and logged since the last time this was asked.
    pub fn seen(&self) -> (Vec<SentRequest>, Vec<LogLine>) {
        let mut world = self.world.borrow_mut();
        (std::mem::take(&mut world.requests), std::mem::take(&mut world.logs))
    }
}
