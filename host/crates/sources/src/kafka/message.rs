//! A message of Kafka as a raw event.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use rdkafka::Message;
use rdkafka::message::Headers as _;
use serde::{Serialize, Serializer, ser::SerializeMap as _};
use serde_json::value::RawValue;

/// What subscribers see of a message.
pub(super) fn data<M: Message>(message: &M) -> Bytes {
    let mut headers = Vec::new();
    for header in message.headers().into_iter().flat_map(|headers| headers.iter()) {
        headers.push((header.key, Value::text(header.value)));
    }
    let event = Event {
        topic: message.topic(),
        partition: message.partition(),
        offset: message.offset(),
        timestamp_ms: message.timestamp().to_millis(),
        key: Value::text(message.key()),
        headers,
        body: Value::read(message.payload()),
    };
    // Texts, numbers, and JSON that was checked: none of it can fail.
    serde_json::to_vec(&event).unwrap_or_default().into()
}

/// Names a message for ever.
pub(super) fn payload(topic: &str, partition: i32, offset: i64) -> Bytes {
    format!("{topic}/{partition}/{offset}").into()
}

/// The offset in a payload.
pub(super) fn offset_of(payload: &[u8]) -> Option<i64> {
    std::str::from_utf8(payload).ok()?.rsplit('/').next()?.parse().ok()
}

struct Event<'a> {
    topic: &'a str,
    partition: i32,
    offset: i64,
    timestamp_ms: Option<i64>,
    key: Value<'a>,
    headers: Vec<(&'a str, Value<'a>)>,
    body: Value<'a>,
}

/// Bytes in the form that says most.
enum Value<'a> {
    None,
    Json(&'a RawValue),
    Text(&'a str),
    Binary(&'a [u8]),
}

impl<'a> Value<'a> {
    fn read(bytes: Option<&'a [u8]>) -> Self {
        match bytes.map(serde_json::from_slice) {
            Some(Ok(json)) => Self::Json(json),
            _ => Self::text(bytes),
        }
    }

    fn text(bytes: Option<&'a [u8]>) -> Self {
        match bytes.map(|bytes| (bytes, std::str::from_utf8(bytes))) {
            None => Self::None,
            Some((_, Ok(text))) => Self::Text(text),
            Some((bytes, Err(_))) => Self::Binary(bytes),
        }
    }
}

impl Serialize for Value<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::None => to.serialize_none(),
            Self::Json(json) => json.serialize(to),
            Self::Text(text) => to.serialize_str(text),
            Self::Binary(bytes) => to.serialize_str(&STANDARD.encode(bytes)),
        }
    }
}

impl Serialize for Event<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(None)?;
        map.serialize_entry("topic", self.topic)?;
        map.serialize_entry("partition", &self.partition)?;
        map.serialize_entry("offset", &self.offset)?;
        map.serialize_entry("timestamp_ms", &self.timestamp_ms)?;
        map.serialize_entry("key", &self.key)?;
        if !self.headers.is_empty() {
            map.serialize_entry("headers", &Headers(&self.headers))?;
        }
        match &self.body {
            Value::None => {}
            Value::Json(_) => map.serialize_entry("value", &self.body)?,
            Value::Text(_) => map.serialize_entry("text", &self.body)?,
            Value::Binary(_) => map.serialize_entry("base64", &self.body)?,
        }
        map.end()
    }
}

/// One object; of headers with the same name, the last one counts for most readers.
struct Headers<'a>(&'a [(&'a str, Value<'a>)]);

impl Serialize for Headers<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rdkafka::Timestamp;
    use rdkafka::message::OwnedMessage;

    fn seen(body: Option<&[u8]>) -> String {
        let body = body.map(<[u8]>::to_vec);
        let message = OwnedMessage::new(body, Some(b"k".to_vec()), "t".into(), Timestamp::CreateTime(5), 3, 7, None);
        String::from_utf8(data(&message).to_vec()).unwrap()
    }

    #[test]
    fn a_message_says_what_it_is() {
        let head = r#"{"topic":"t","partition":3,"offset":7,"timestamp_ms":5,"key":"k""#;
        assert_eq!(
            seen(Some(br#"{"a":12345678901234567890.0}"#)),
            format!(r#"{head},"value":{{"a":12345678901234567890.0}}}}"#)
        );
        assert_eq!(seen(Some(b"a \"b\"")), format!(r#"{head},"text":"a \"b\""}}"#));
        assert_eq!(seen(Some(b"\xff")), format!(r#"{head},"base64":"/w=="}}"#));
        assert_eq!(seen(None), format!("{head}}}"));
        assert_eq!(offset_of(&payload("a/b", 3, 7)), Some(7));
    }
}
