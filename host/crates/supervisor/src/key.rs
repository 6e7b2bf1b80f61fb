//! The idempotency key: equal for every repetition of an event, different for every other event of the deployment.

use sha2::{Digest as _, Sha256};
use trigger_host_types::{IdempotencyKey, TriggerId};

/// Where in a trigger's life an event belongs.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    /// Airflow's id.
    pub(crate) trigger: TriggerId,
    /// What tells this use of the id from another (ids can be reused): the task instance's id, or the class path.
    pub(crate) identity: String,
    /// Set where the server stores no checkpoints: positions start again with every life of a host, so its Job tells them apart.
    pub(crate) life: Option<i64>,
    /// Outcomes stored before this one.
    pub(crate) position: u64,
}

impl Source {
    /// The key of the event at `index` of this outcome.
    pub(crate) fn key(&self, index: usize) -> IdempotencyKey {
        let mut hash = Sha256::new();
        hash.update(b"trigger-host event 1\0");
        hash.update(self.trigger.0.to_be_bytes());
        hash.update((self.identity.len() as u64).to_be_bytes());
        hash.update(self.identity.as_bytes());
        hash.update(self.life.map_or([0; 9], |job| {
            let mut bytes = [1; 9];
            bytes[1..].copy_from_slice(&job.to_be_bytes());
            bytes
        }));
        hash.update(self.position.to_be_bytes());
        hash.update((index as u64).to_be_bytes());
        let hex: String = hash.finalize()[..16].iter().map(|byte| format!("{byte:02x}")).collect();
        IdempotencyKey::from(hex)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_repetition_has_the_same_key_and_nothing_else_has() {
        let base = Source { trigger: TriggerId(7), identity: "a".into(), life: None, position: 3 };
        assert_eq!(base.key(0), base.key(0));
        let others = [
            base.key(0),
            base.key(1),
            Source { position: 4, ..base.clone() }.key(0),
            Source { trigger: TriggerId(8), ..base.clone() }.key(0),
            Source { identity: "b".into(), ..base.clone() }.key(0),
            Source { life: Some(0), ..base }.key(0),
        ];
        assert_eq!(others.iter().collect::<HashSet<_>>().len(), others.len());
    }
}
