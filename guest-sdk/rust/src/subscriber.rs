//! What an author of a subscriber implements: a trigger that filters an upstream it shares with others.

use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::stream_bindings::exports::trigger_host::trigger::subscriber as wit;
use crate::{Context, Error, Event, Kwargs, Result};

/// A subscriber of a shared stream: its kwargs are the fields of the struct.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a subscriber yet",
    note = "write `impl Subscriber for {Self} {{ fn stream(&self) -> Result<Stream> {{ .. }} fn evaluate(&self, cx: &Context, message: &Message) -> Result<Verdict> {{ .. }} }}`"
)]
pub trait Subscriber: Kwargs {
    /// Which upstream this trigger reads. Asked once, when it starts; it has no grants then.
    ///
    /// # Errors
    /// Ends the trigger: refuse here kwargs that fit their types but not each other.
    fn stream(&self) -> Result<Stream>;

    /// What this trigger makes of one raw event.
    ///
    /// The raw event is acknowledged upstream when everything that is emitted for it is stored. The host may throw the
    /// instance away between two raw events: keep nothing.
    ///
    /// # Errors
    /// Fails this raw event and those handed over with it: they come again. For a message that will never do, answer
    /// [`Verdict::reject`].
    fn evaluate(&self, cx: &Context, message: &Message<'_>) -> Result<Verdict>;
}

/// Which upstream a trigger reads, and which of its raw events.
#[derive(Debug, Clone, PartialEq)]
#[must_use]
pub struct Stream {
    source: String,
    key: Value,
    parameters: Value,
    wanted: Vec<Condition>,
}

impl Stream {
    /// The source of this name in the operator's catalog, with these parameters. Triggers of one class with equal
    /// parameters share one reader.
    pub fn new(source: impl Into<String>, parameters: Value) -> Self {
        Self { source: source.into(), key: parameters.clone(), parameters, wanted: Vec::new() }
    }

    /// Shares the reader with equal keys in the place of equal parameters.
    pub fn key(mut self, key: Value) -> Self {
        self.key = key;
        self
    }

    /// Only raw events for which this holds, too: others are skipped without asking, which costs next to nothing.
    pub fn wanted(mut self, condition: Condition) -> Self {
        self.wanted.push(condition);
        self
    }

    pub(crate) fn into_wit(self) -> wit::Stream {
        let wanted = self.wanted.into_iter().map(|condition| condition.0).collect();
        wit::Stream { key: self.key.to_string(), source: self.source, parameters: self.parameters.to_string(), wanted }
    }
}

/// A condition on one field of a raw event that is JSON.
#[derive(Debug, Clone)]
pub struct Condition(wit::Condition);

impl PartialEq for Condition {
    fn eq(&self, other: &Self) -> bool {
        format!("{:?}", self.0) == format!("{:?}", other.0)
    }
}

impl Condition {
    /// The field at `pointer` (RFC 6901, such as `/detail/state`) is one of these: null, booleans, numbers or texts.
    pub fn one_of<T: Serialize>(pointer: impl Into<String>, values: impl IntoIterator<Item = T>) -> Self {
        // What is not JSON is refused by the host, as everything else that cannot be compared.
        let texts = values.into_iter().map(|value| serde_json::to_string(&value).unwrap_or_default());
        Self(wit::Condition { pointer: pointer.into(), test: wit::Test::OneOf(texts.collect()) })
    }

    /// The field at `pointer` is this one value.
    pub fn equals(pointer: impl Into<String>, value: impl Serialize) -> Self {
        Self::one_of(pointer, [value])
    }

    /// The field at `pointer` is a text that begins so.
    pub fn prefix(pointer: impl Into<String>, prefix: impl Into<String>) -> Self {
        Self(wit::Condition { pointer: pointer.into(), test: wit::Test::Prefix(prefix.into()) })
    }

    /// There is a field at `pointer`, null included.
    pub fn exists(pointer: impl Into<String>) -> Self {
        Self(wit::Condition { pointer: pointer.into(), test: wit::Test::Exists })
    }
}

/// One raw event.
#[derive(Clone, Copy)]
pub struct Message<'a> {
    /// With what follows it in memory.
    window: &'a [u8],
    length: usize,
}

impl<'a> Message<'a> {
    /// The first `length` bytes of `window`, or all that there are.
    pub(crate) fn new(window: &'a [u8], length: usize) -> Self {
        Self { window, length: length.min(window.len()) }
    }

    /// As it came.
    pub const fn bytes(&self) -> &'a [u8] {
        self.window.split_at(self.length).0
    }

    /// The value at `pointer` (RFC 6901, such as `/detail/state`; empty for all of it), if there is one. Several times
    /// as fast as building the whole message: look first at the field that decides, and build the rest for the few that
    /// are wanted.
    ///
    /// # Errors
    /// Says why the message is not JSON, or the value not of this type; a reason for [`Verdict::reject`].
    #[inline(always)]
    pub fn field<T: DeserializeOwned>(&self, pointer: &str) -> std::result::Result<Option<T>, String> {
        crate::field::field(self.window, self.length, pointer).map_err(|error| error.to_string())
    }

    /// As JSON of this type. Name only the fields that are looked at: what is not named is passed over, not built.
    ///
    /// # Errors
    /// Says why it is not; a reason for [`Verdict::reject`].
    pub fn json<T: DeserializeOwned>(&self) -> std::result::Result<T, String> {
        serde_json::from_slice(self.bytes()).map_err(|error| error.to_string())
    }
}

impl PartialEq for Message<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.bytes() == other.bytes()
    }
}

impl Eq for Message<'_> {}

impl fmt::Debug for Message<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Message").field(&self.bytes()).finish()
    }
}

/// What a trigger makes of one raw event.
#[derive(Debug, Clone, PartialEq)]
#[must_use]
pub struct Verdict(pub(crate) Decision);

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Decision {
    Skip,
    Emit(Vec<Event>),
    Reject(String),
}

impl Verdict {
    /// Not for this trigger.
    pub const fn skip() -> Self {
        Self(Decision::Skip)
    }

    /// Fires with this payload.
    pub fn fire(payload: impl Serialize) -> Self {
        Self::emit([Event::fire(payload)])
    }

    /// Fires these, in this order.
    pub fn emit(events: impl IntoIterator<Item = Event>) -> Self {
        Self(Decision::Emit(events.into_iter().collect()))
    }

    /// Malformed: the source puts it aside, where it can.
    pub fn reject(reason: impl Into<String>) -> Self {
        Self(Decision::Reject(reason.into()))
    }

    pub(crate) fn into_wit(self) -> Result<wit::Verdict, Error> {
        Ok(match self.0 {
            Decision::Skip => wit::Verdict::Skip,
            Decision::Emit(events) => {
                wit::Verdict::Emit(events.into_iter().map(Event::into_wit).collect::<Result<_>>()?)
            }
            Decision::Reject(reason) => wit::Verdict::Reject(reason),
        })
    }
}
