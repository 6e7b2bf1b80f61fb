//! The tokens that single triggers have, each until shortly before it expires, and whether the server gives them out.
//!
//! Invariants: bounded, the first to expire goes first; an expired token is never handed out; a token that was refused
//! when it was new is not replaced for a while; no lock is held across an await.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;
use reqwest::header::HeaderValue;
use trigger_host_types::Clock;

use super::identity::Identity;
use crate::token::margin;

/// About 10 MB of tokens.
const MOST: usize = 16_384;
/// Seconds in which a token that was refused when it was new is not replaced: another one would be refused too.
const IN_VAIN: u64 = 60;

/// The tokens of triggers. Shared by all clones of a client.
pub(crate) struct TriggerTokens {
    clock: Arc<dyn Clock>,
    given_out: AtomicBool,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    tokens: HashMap<Identity, Token>,
    /// By the second from which each is replaced.
    order: BTreeSet<(u64, Identity)>,
}

struct Token {
    value: HeaderValue,
    /// The second from which it is replaced.
    renew: u64,
    /// The second until which it is not replaced, whatever the server says of it.
    stays: u64,
}

impl TriggerTokens {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, given_out: AtomicBool::new(false), kept: Mutex::default() }
    }

    /// What the server said of it when a Job was registered.
    pub(crate) fn set_given_out(&self, given_out: bool) {
        self.given_out.store(given_out, Ordering::Relaxed);
    }

    /// Whether the server gives them out.
    pub(super) fn are_given_out(&self) -> bool {
        self.given_out.load(Ordering::Relaxed)
    }

    /// One that will not expire before it is used.
    pub(super) fn get(&self, identity: &Identity) -> Option<HeaderValue> {
        let now = self.seconds();
        let kept = self.kept.lock();
        kept.tokens.get(identity).filter(|token| now < token.renew).map(|token| token.value.clone())
    }

    /// `life`: seconds from now to its expiry.
    pub(super) fn keep(&self, identity: Identity, value: HeaderValue, life: u64) {
        let renew = self.seconds().saturating_add(life.saturating_sub(margin(life)));
        let mut kept = self.kept.lock();
        kept.remove(&identity);
        if kept.tokens.len() >= MOST
            && let Some((_, first)) = kept.order.first().copied()
        {
            kept.remove(&first);
        }
        kept.order.insert((renew, identity));
        kept.tokens.insert(identity, Token { value, renew, stays: 0 });
    }

    /// The server refused this one. Whether another may help.
    pub(super) fn forget(&self, identity: &Identity, refused: &HeaderValue) -> bool {
        let now = self.seconds();
        let mut kept = self.kept.lock();
        match kept.tokens.get(identity) {
            Some(token) if token.value == refused && now < token.stays => false,
            Some(token) if token.value == refused => {
                kept.remove(identity);
                true
            }
            // There is another by now, or was.
            _ => true,
        }
    }

    /// The server refused this one too, which was made because it had refused one before.
    pub(super) fn keep_refused(&self, identity: &Identity, refused: &HeaderValue) {
        let stays = self.seconds().saturating_add(IN_VAIN);
        let mut kept = self.kept.lock();
        if let Some(token) = kept.tokens.get_mut(identity).filter(|token| token.value == refused) {
            token.stays = stays;
        }
    }

    fn seconds(&self) -> u64 {
        self.clock.now() / 1_000
    }
}

impl Kept {
    fn remove(&mut self, identity: &Identity) {
        if let Some(token) = self.tokens.remove(identity) {
            self.order.remove(&(token.renew, *identity));
        }
    }
}

#[cfg(test)]
mod tests {
    use trigger_host_types::{JobId, TriggerId, VirtualClock};

    use super::*;

    #[test]
    fn the_first_to_expire_goes_first_and_none_is_handed_out_late() {
        let clock = Arc::new(VirtualClock::new(0));
        let tokens = TriggerTokens::new(Arc::clone(&clock) as Arc<dyn Clock>);
        let identity = |id| Identity { trigger: TriggerId(id), job: JobId(1), task_instance: None };
        let most = i64::try_from(MOST).unwrap();
        for id in 0..=most {
            let life = if id == 7 { 300 } else { 600 };
            tokens.keep(identity(id), HeaderValue::from_static("t"), life);
        }
        assert!(tokens.get(&identity(7)).is_none() && tokens.get(&identity(8)).is_some());
        assert_eq!(tokens.kept.lock().order.len(), MOST);
        clock.advance_to(419_999);
        assert!(tokens.get(&identity(8)).is_some());
        clock.advance_to(420_000);
        assert!(tokens.get(&identity(8)).is_none());
    }
}
