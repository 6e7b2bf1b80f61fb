//! The idempotency key: equal for every repetition of an event, different for every other event of the deployment.

use sha2::{Digest as _, Sha256};
use trigger_host_types::{Digest, IdempotencyKey, TriggerId, hex};

/// Where an event belongs among those of its trigger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// So many outcomes were stored before.
    Position(u64),
    /// It was made of this raw event of a shared stream.
    RawEvent(Digest),
}

/// Where in a trigger's life an event belongs.
#[derive(Debug, Clone)]
pub struct Source {
    /// Airflow's id.
    pub trigger: TriggerId,
    /// What tells this use of the id from another (ids can be reused): the task instance's id, or the class path.
    pub identity: String,
    /// Set where the server stores no checkpoints: positions start again with every life of a host, so its Job tells
    /// them apart.
    pub life: Option<i64>,
    /// Where it belongs among the events of its trigger.
    pub place: Place,
}

impl Source {
    /// The key of the event at `index` of this outcome, or of those made of this raw event.
    pub fn key(&self, index: usize) -> IdempotencyKey {
        let mut hash = Sha256::new();
        hash.update(match self.place {
            Place::Position(_) => &b"trigger-host event 1\0"[..],
            Place::RawEvent(_) => &b"trigger-host raw event 1\0"[..],
        });
        hash.update(self.trigger.0.to_be_bytes());
        hash.update((self.identity.len() as u64).to_be_bytes());
        hash.update(self.identity.as_bytes());
        match self.place {
            Place::Position(position) => {
                hash.update(self.life.map_or([0; 9], |job| {
                    let mut bytes = [1; 9];
                    bytes[1..].copy_from_slice(&job.to_be_bytes());
                    bytes
                }));
                hash.update(position.to_be_bytes());
            }
            // What a broker gives again is the same in every life of a host.
            Place::RawEvent(digest) => hash.update(digest.as_bytes()),
        }
        hash.update((index as u64).to_be_bytes());
        IdempotencyKey::from(hex::encode(&hash.finalize()[..16]))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_repetition_has_the_same_key_and_nothing_else_has() {
        let base = Source { trigger: TriggerId(7), identity: "a".into(), life: None, place: Place::Position(3) };
        let raw = |byte| Source { place: Place::RawEvent(Digest::of(&[byte])), ..base.clone() };
        assert_eq!(raw(1).key(0), Source { life: Some(5), ..raw(1) }.key(0));
        assert_eq!(base.key(0), base.key(0));
        let others = [
            base.key(0),
            base.key(1),
            Source { place: Place::Position(4), ..base.clone() }.key(0),
            raw(1).key(0),
            raw(1).key(1),
            raw(2).key(0),
            Source { trigger: TriggerId(8), ..base.clone() }.key(0),
            Source { identity: "b".into(), ..base.clone() }.key(0),
            Source { life: Some(0), ..base }.key(0),
        ];
        assert_eq!(others.iter().collect::<HashSet<_>>().len(), others.len());
    }
}
