//! Subscribers that left by being dropped, where nothing can be waited for.
//!
//! Owns the list of them until the group looks. Invariant: bounded by the number of subscribers, as each leaves once.

use parking_lot::Mutex;
use stream_rules::SubscriptionId;
use tokio::sync::Notify;

use crate::message::Leaving;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Leavers {
    gone: Mutex<Vec<(SubscriptionId, Leaving)>>,
    pub(crate) any: Notify,
}

impl Leavers {
    pub(crate) fn leave(&self, subscription: SubscriptionId, how: Leaving) {
        self.gone.lock().push((subscription, how));
        self.any.notify_one();
    }

    pub(crate) fn take(&self) -> Vec<(SubscriptionId, Leaving)> {
        std::mem::take(&mut *self.gone.lock())
    }
}
