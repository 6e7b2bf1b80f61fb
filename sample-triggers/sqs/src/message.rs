//! A message, as SQS gives it, as subscribers see it, and as the acker gets it back.

use trigger_host_sdk::checkpoint;
use trigger_host_sdk::serde::Deserialize;
use trigger_host_sdk::serde_json::{self, Map, Value, json};

/// One message of an answer.
#[derive(Debug, Clone, Deserialize)]
#[serde(crate = "trigger_host_sdk::serde", rename_all = "PascalCase")]
pub(crate) struct Message {
    pub(crate) message_id: String,
    pub(crate) receipt_handle: String,
    #[serde(default)]
    pub(crate) body: String,
    #[serde(default)]
    pub(crate) attributes: Map<String, Value>,
    #[serde(default)]
    pub(crate) message_attributes: Map<String, Value>,
}

/// What the acker needs of a message.
#[checkpoint]
pub(crate) struct Ticket {
    pub(crate) id: String,
    /// What SQS knows this receipt of it by.
    pub(crate) handle: String,
    /// Its message group.
    pub(crate) group: Option<String>,
    /// Body and attributes, when there is a dead-letter queue to send them to.
    pub(crate) letter: Option<Value>,
}

impl Message {
    pub(crate) fn group(&self) -> Option<&str> {
        self.attributes.get("MessageGroupId").and_then(Value::as_str)
    }

    /// As subscribers see it: nothing that changes when it is received again.
    pub(crate) fn data(&self) -> Vec<u8> {
        let mut data = json!({ "message_id": self.message_id });
        if let Some(group) = self.group() {
            data["group"] = group.into();
        }
        if !self.message_attributes.is_empty() {
            let text = |value: &Value| value.get("StringValue").or(value.get("BinaryValue")).cloned();
            let texts =
                self.message_attributes.iter().map(|(name, value)| (name.clone(), text(value).unwrap_or_default()));
            data["attributes"] = Value::Object(texts.collect());
        }
        match serde_json::from_str::<Value>(&self.body) {
            Ok(value) => data["value"] = value,
            Err(_) => data["text"] = self.body.as_str().into(),
        }
        data.to_string().into_bytes()
    }

    pub(crate) fn ticket(&self, with_letter: bool) -> Ticket {
        let letter = || json!({ "MessageBody": self.body, "MessageAttributes": self.message_attributes });
        Ticket {
            id: self.message_id.clone(),
            handle: self.receipt_handle.clone(),
            group: self.group().map(str::to_owned),
            letter: with_letter.then(letter),
        }
    }
}

impl Ticket {
    pub(crate) fn receipt(&self) -> Vec<u8> {
        // Texts and JSON: it cannot fail.
        serde_json::to_vec(self).unwrap_or_default()
    }

    pub(crate) fn read(receipt: &[u8]) -> Option<Self> {
        serde_json::from_slice(receipt).ok()
    }
}
