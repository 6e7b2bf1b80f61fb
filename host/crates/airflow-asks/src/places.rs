//! Limits how many requests to Airflow run at once: a few in all, and half of them at most for one class path.
//!
//! Fairness: a request first waits for a place of its class path, then for one of all places, both in the order of
//! asking. So one class path holds at most half of the common queue, however many of its triggers ask, and one whose
//! requests hang does not stop the others.

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use trigger_host_types::ClassPath;

/// Requests of all guests at once.
pub(crate) const AT_ONCE: usize = 8;
/// How many of them may be for one class path.
pub(crate) const OF_ONE_CLASS: usize = AT_ONCE / 2;

/// The places.
#[derive(Debug)]
pub(crate) struct Places {
    all: Arc<Semaphore>,
    /// The class paths for which a request waits or runs.
    classes: Mutex<HashMap<ClassPath, Weak<Semaphore>>>,
}

/// A place of a class path and one of all places; both are given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    // Dropped in this order: whoever gets the place of the class path then finds one of all places free.
    _common: OwnedSemaphorePermit,
    _own: OwnedSemaphorePermit,
}

impl Default for Places {
    fn default() -> Self {
        Self { all: Arc::new(Semaphore::new(AT_ONCE)), classes: Mutex::default() }
    }
}

impl Places {
    /// Waits for a place; `None` never happens, as neither semaphore is ever closed.
    ///
    /// # Cancel safety
    /// A dropped wait gives its turn up.
    pub(crate) async fn take(&self, classpath: &ClassPath) -> Option<Place> {
        let own = self.find(classpath).acquire_owned().await.ok()?;
        let common = Arc::clone(&self.all).acquire_owned().await.ok()?;
        Some(Place { _common: common, _own: own })
    }

    fn find(&self, classpath: &ClassPath) -> Arc<Semaphore> {
        let mut classes = self.classes.lock();
        if let Some(places) = classes.get(classpath).and_then(Weak::upgrade) {
            return places;
        }
        classes.retain(|_, places| places.strong_count() > 0);
        let places = Arc::new(Semaphore::new(OF_ONE_CLASS));
        classes.insert(classpath.clone(), Arc::downgrade(&places));
        places
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    fn take(places: &Places, classpath: &str) -> Option<Place> {
        places.take(&classpath.into()).now_or_never().flatten()
    }

    #[test]
    fn one_class_path_takes_half_of_the_places() {
        let places = Places::default();
        let mut hot: Vec<_> = (0..OF_ONE_CLASS).map(|_| take(&places, "hot").unwrap()).collect();
        assert!(take(&places, "hot").is_none());
        let others: Vec<_> = (OF_ONE_CLASS..AT_ONCE).map(|n| take(&places, &format!("other{n}")).unwrap()).collect();
        assert!(take(&places, "late").is_none(), "no more than these at once");
        hot.pop();
        assert!(take(&places, "hot").is_some(), "given back");
        drop((hot, others));
        assert!(take(&places, "late").is_some());
        assert_eq!(places.classes.lock().len(), 1, "nobody is remembered who does not ask");
    }

    #[test]
    fn places_are_given_in_the_order_of_asking() {
        let places = Places::default();
        let (hot, late) = ("hot".into(), "late".into());
        let held: Vec<_> = (0..AT_ONCE).map(|n| take(&places, &format!("{n}")).unwrap()).collect();
        let mut crowd: Vec<_> = (0..OF_ONE_CLASS + 9).map(|_| Box::pin(places.take(&hot))).collect();
        crowd.iter_mut().for_each(|one| assert!(one.as_mut().now_or_never().is_none()));
        let mut other = Box::pin(places.take(&late));
        assert!(other.as_mut().now_or_never().is_none());
        drop(held);
        let first: Vec<_> = crowd.iter_mut().filter_map(|one| one.as_mut().now_or_never().flatten()).collect();
        assert_eq!(first.len(), OF_ONE_CLASS);
        assert!(other.now_or_never().is_some(), "it waited behind few of the crowd, not behind all");
    }
}
