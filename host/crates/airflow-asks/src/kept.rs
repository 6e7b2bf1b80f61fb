//! Connections that were fetched a moment ago, so that many triggers that use one connection fetch it once.
//!
//! Owns at most [`MOST`] connections and failures to get one: the one that was asked for longest ago makes room for a
//! new one. Each is used for a short time, a failure for a shorter one. While Airflow cannot answer, or no longer
//! answers for this trigger, the last connection is used for some minutes more, because `on-kill` runs when Airflow has
//! already forgotten the trigger and still has to reach the service. Triggers of one Dag share, since Airflow decides
//! by the Dag's team; so do triggers that no task waits for, which have no team.
//!
//! Invariants: one fetch at a time for one connection; nothing is used for longer than that; what went wrong for one
//! trigger alone is not kept for others.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::Mutex as AsyncMutex;
use tokio::time::{Instant, timeout};
use trigger_host_types::{ConnId, Connection, ConnectionError};

/// How many connections are kept.
const MOST: usize = 1_024;
/// How long a connection is used after it was fetched.
const LIFE: Duration = Duration::from_secs(30);
/// How long it is used when Airflow cannot answer.
const LIFE_IN_NEED: Duration = Duration::from_secs(600);
/// How long a fetch may take while the last connection can still be used: a read of a stream may be waiting for it, or
/// messages that are kept from being delivered again.
const REFRESH_WITHIN: Duration = Duration::from_secs(2);
/// How long nobody asks again for a connection that does not exist, or that may not be used.
const LIFE_OF_REFUSAL: Duration = Duration::from_secs(10);
/// How long nobody asks again when Airflow could not answer.
const LIFE_OF_FAILURE: Duration = Duration::from_secs(2);

/// The outcome of a fetch.
pub(crate) type Fetched = Result<Connection, Failure>;

/// Why a fetch gave no connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) error: ConnectionError,
    /// Whether it concerns this trigger alone, so that another one of the Dag may succeed.
    pub(crate) is_own: bool,
}

impl From<ConnectionError> for Failure {
    /// A failure that concerns all triggers of the Dag.
    fn from(error: ConnectionError) -> Self {
        Self { error, is_own: false }
    }
}

/// Which connection, and for which Dag.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    /// None for triggers that no task waits for.
    pub(crate) dag_id: Option<String>,
    pub(crate) id: ConnId,
}

/// The connections that were fetched.
#[derive(Default)]
pub(crate) struct Kept(Mutex<HashMap<Key, Entry>>);

struct Entry {
    asked: Instant,
    slot: Arc<AsyncMutex<Option<Fresh>>>,
}

/// The outcome of a fetch, and until when it may be used.
struct Fresh {
    until: Instant,
    /// Until when a connection may be used if Airflow cannot answer.
    in_need_until: Instant,
    fetched: Result<Connection, ConnectionError>,
}

impl Kept {
    /// The connection that is kept under this key, or else the one that `fetch` gives.
    ///
    /// # Cancel safety
    /// A fetch that is dropped is begun again by the next one who asks.
    pub(crate) async fn get(
        &self,
        key: Key,
        fetch: impl Future<Output = Fetched>,
    ) -> Result<Connection, ConnectionError> {
        let away = ConnectionError::Unavailable(key.id.clone());
        let slot = self.slot(key, Instant::now());
        let mut slot = slot.lock().await;
        if let Some(fresh) = slot.as_ref().filter(|fresh| Instant::now() < fresh.until) {
            return fresh.fetched.clone();
        }
        let would_do = |old: &Fresh, now| old.fetched.is_ok() && now < old.in_need_until;
        let fetched = if slot.as_ref().is_some_and(|old| would_do(old, Instant::now() + REFRESH_WITHIN)) {
            timeout(REFRESH_WITHIN, fetch).await.unwrap_or_else(|_| Err(away.into()))
        } else {
            fetch.await
        };
        let (fetched, is_own) = match fetched {
            Ok(connection) => (Ok(connection), false),
            Err(Failure { error, is_own }) => (Err(error), is_own),
        };
        let now = Instant::now();
        let until = now + life(&fetched);
        let in_need = |old: &&mut Fresh| would_do(old, now);
        if let (Err(ConnectionError::Unavailable(_)), Some(old)) = (&fetched, slot.as_mut().filter(in_need)) {
            if !is_own {
                old.until = until;
            }
            return old.fetched.clone();
        }
        if !is_own {
            *slot = Some(Fresh { until, in_need_until: now + LIFE_IN_NEED, fetched: fetched.clone() });
        }
        fetched
    }

    fn slot(&self, key: Key, now: Instant) -> Arc<AsyncMutex<Option<Fresh>>> {
        let mut entries = self.0.lock();
        if !entries.contains_key(&key) && entries.len() >= MOST {
            let oldest = entries.iter().min_by_key(|(_, entry)| entry.asked).map(|(key, _)| key.clone());
            oldest.and_then(|oldest| entries.remove(&oldest));
        }
        let entry = entries.entry(key).or_insert_with(|| Entry { asked: now, slot: Arc::default() });
        entry.asked = now;
        Arc::clone(&entry.slot)
    }
}

const fn life(fetched: &Result<Connection, ConnectionError>) -> Duration {
    match fetched {
        Ok(_) => LIFE,
        Err(ConnectionError::Unavailable(_)) => LIFE_OF_FAILURE,
        Err(_) => LIFE_OF_REFUSAL,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    fn key(dag_id: &str, id: &str) -> Key {
        Key { dag_id: Some(dag_id.to_owned()), id: id.into() }
    }

    /// Counts the fetches.
    struct Fetches(AtomicU32);

    impl Fetches {
        async fn fetch(&self, fetched: Fetched) -> Fetched {
            self.0.fetch_add(1, Ordering::Relaxed);
            // Others come in the middle of it.
            tokio::task::yield_now().await;
            fetched
        }

        fn count(&self) -> u32 {
            self.0.swap(0, Ordering::Relaxed)
        }
    }

    #[tokio::test(start_paused = true)]
    async fn one_fetch_serves_a_dag_for_a_short_time() {
        let (kept, fetches) = (Kept::default(), Fetches(AtomicU32::new(0)));
        let get = |dag_id, id| kept.get(key(dag_id, id), fetches.fetch(Ok(Connection::default())));
        let (one, two) = tokio::join!(get("d", "c"), get("d", "c"));
        assert!(one.is_ok() && two.is_ok());
        assert_eq!(fetches.count(), 1, "together");
        let _ = tokio::join!(get("other", "c"), get("d", "other"));
        assert_eq!(fetches.count(), 2, "another Dag, another connection");
        tokio::time::advance(LIFE - Duration::from_millis(1)).await;
        assert!(get("d", "c").await.is_ok());
        assert_eq!(fetches.count(), 0);
        tokio::time::advance(Duration::from_millis(1)).await;
        assert!(get("d", "c").await.is_ok());
        assert_eq!(fetches.count(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_is_remembered_and_a_failure_for_shorter() {
        for (error, life) in [
            (ConnectionError::Unknown("c".into()), LIFE_OF_REFUSAL),
            (ConnectionError::Refused("c".into()), LIFE_OF_REFUSAL),
            (ConnectionError::Unavailable("c".into()), LIFE_OF_FAILURE),
        ] {
            let (kept, fetches) = (Kept::default(), Fetches(AtomicU32::new(0)));
            for _ in 0..100 {
                let got = kept.get(key("d", "c"), fetches.fetch(Err(error.clone().into()))).await;
                assert_eq!(got.err(), Some(error.clone()));
            }
            assert_eq!(fetches.count(), 1, "{error}");
            tokio::time::advance(life).await;
            assert!(kept.get(key("d", "c"), fetches.fetch(Ok(Connection::default()))).await.is_ok(), "{error}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_fetched_does_when_airflow_cannot_answer_but_not_when_it_refuses() {
        let away = || Err(ConnectionError::Unavailable("c".into()).into());
        let gone = || Err(ConnectionError::Unknown("c".into()).into());
        let (kept, fetches) = (Kept::default(), Fetches(AtomicU32::new(0)));
        let get = |fetched| kept.get(key("d", "c"), fetches.fetch(fetched));
        assert!(get(Ok(Connection::default())).await.is_ok());
        tokio::time::advance(LIFE).await;
        assert!(get(away()).await.is_ok() && get(away()).await.is_ok());
        assert_eq!(fetches.count(), 2, "the failure is remembered");
        tokio::time::advance(LIFE_IN_NEED - LIFE - Duration::from_millis(1)).await;
        assert!(get(away()).await.is_ok());
        tokio::time::advance(LIFE_OF_FAILURE).await;
        assert!(get(away()).await.is_err(), "too old");
        tokio::time::advance(LIFE_OF_FAILURE).await;
        assert!(get(Ok(Connection::default())).await.is_ok());
        tokio::time::advance(LIFE).await;
        assert!(get(gone()).await.is_err());
        tokio::time::advance(LIFE_OF_REFUSAL).await;
        assert!(get(away()).await.is_err(), "what was refused is forgotten");
    }

    #[tokio::test(start_paused = true)]
    async fn a_fetch_that_hangs_holds_nobody_up_who_has_a_connection() {
        let kept = Kept::default();
        assert!(kept.get(key("d", "c"), async { Ok(Connection::default()) }).await.is_ok());
        tokio::time::advance(LIFE).await;
        let began = Instant::now();
        assert!(kept.get(key("d", "c"), std::future::pending()).await.is_ok());
        assert_eq!(began.elapsed(), REFRESH_WITHIN);
        assert!(kept.get(key("d", "c"), std::future::pending()).await.is_ok());
        assert_eq!(began.elapsed(), REFRESH_WITHIN, "and is not tried again at once");
    }

    #[tokio::test(start_paused = true)]
    async fn what_went_wrong_for_one_trigger_is_its_own() {
        let own = || Err(Failure { error: ConnectionError::Unavailable("c".into()), is_own: true });
        let (kept, fetches) = (Kept::default(), Fetches(AtomicU32::new(0)));
        let get = |fetched| kept.get(key("d", "c"), fetches.fetch(fetched));
        assert!(get(own()).await.is_err());
        assert!(get(Ok(Connection::default())).await.is_ok());
        tokio::time::advance(LIFE).await;
        assert!(get(own()).await.is_ok(), "its `on-kill`, say");
        assert!(get(Ok(Connection::default())).await.is_ok());
        assert_eq!(fetches.count(), 4, "the next one asks for itself");
    }

    #[tokio::test(start_paused = true)]
    async fn a_fetch_that_is_dropped_is_left_to_the_next() {
        let (kept, fetches) = (Kept::default(), Fetches(AtomicU32::new(0)));
        let hangs = kept.get(key("d", "c"), std::future::pending());
        assert!(timeout(LIFE, hangs).await.is_err());
        assert!(kept.get(key("d", "c"), fetches.fetch(Ok(Connection::default()))).await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_asked_for_longest_ago_gives_way() {
        let (kept, fetches) = (Kept::default(), Fetches(AtomicU32::new(0)));
        let get = |id: String| kept.get(key("d", &id), fetches.fetch(Ok(Connection::default())));
        for number in 0..MOST {
            tokio::time::advance(Duration::from_micros(1)).await;
            assert!(get(number.to_string()).await.is_ok());
        }
        assert!(get("0".to_owned()).await.is_ok());
        assert!(get("one more".to_owned()).await.is_ok());
        assert_eq!((kept.0.lock().len(), fetches.count()), (MOST, MOST as u32 + 1));
        assert!(get("0".to_owned()).await.is_ok());
        assert_eq!(fetches.count(), 0, "it was asked for lately");
        assert!(get("1".to_owned()).await.is_ok());
        assert_eq!(fetches.count(), 1, "it gave way");
    }
}
