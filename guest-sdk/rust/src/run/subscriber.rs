//! A subscriber of a shared stream.

use std::cell::RefCell;
use std::marker::PhantomData;

use super::schema;
use crate::bindings::trigger_host::trigger::types;
use crate::stream_bindings::exports::trigger_host::trigger::{manifest, subscriber as wit};
use crate::{Context, DateTime, Error, Message, Result, Subscriber, kwargs};

/// The component of a subscriber.
pub struct ExportedSubscriber<T>(PhantomData<T>);

impl<T: Subscriber> wit::Guest for ExportedSubscriber<T> {
    type Filter = Filter<T>;

    fn describe(kwargs: String) -> Result<wit::Stream, types::Error> {
        let stream = kwargs::parse::<T>(&kwargs).and_then(|subscriber| subscriber.stream());
        stream.map(crate::Stream::into_wit).map_err(Error::into_wit)
    }
}

impl<T: Subscriber> manifest::Guest for ExportedSubscriber<T> {
    fn describe() -> manifest::Description {
        manifest::Description { summary: T::SUMMARY.to_owned(), kwargs_schema: schema::<T>() }
    }
}

/// What looks at raw events for one trigger. Kwargs are read once; those that do not fit are told at each call.
pub struct Filter<T> {
    context: RefCell<Context>,
    subscriber: Result<T>,
}

impl<T: Subscriber> wit::GuestFilter for Filter<T> {
    fn new(context: types::Context, kwargs: String) -> Self {
        Self { context: RefCell::new(context.into()), subscriber: kwargs::parse(&kwargs) }
    }

    fn evaluate(&self, now: u64, events: wit::RawEvents) -> Result<Vec<wit::Verdict>, types::Error> {
        let subscriber = self.subscriber.as_ref().map_err(|error| error.clone().into_wit())?;
        self.context.borrow_mut().now = DateTime::from_unix_ms(now);
        evaluate(subscriber, &self.context.borrow(), &events).map_err(Error::into_wit)
    }
}

/// One verdict for each raw event.
fn evaluate<T: Subscriber>(subscriber: &T, context: &Context, events: &wit::RawEvents) -> Result<Vec<wit::Verdict>> {
    let (mut begin, mut verdicts) = (0, Vec::with_capacity(events.ends.len()));
    for end in &events.ends {
        let end = *end as usize;
        let window = events.bytes.get(begin..).unwrap_or_default();
        let message = Message::new(window, end.saturating_sub(begin));
        verdicts.push(subscriber.evaluate(context, &message)?.into_wit()?);
        begin = end;
    }
    Ok(verdicts)
}
