//! How a trigger joins its stream: what it wants is asked of its component, the rest is the host's.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use sandbox::{Context, EndReason, HostCalls, Sandbox};
use stream_rules::StreamKey;
use streams::{Exit, Streams, Subscribe, SubscribeError, Subscription};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};
use trigger_host_types::{Clock, Connections, TriggerId};

use super::cohorts::{Cohorts, Joining};
use super::listener::Listener;
use super::upstream::{Upstreams, WantedUpstream};
use super::{description, upstream};
use crate::catalog::Class;

/// The longest a trigger waits for others that are still being claimed, before it joins without them.
const CLAIMS_WITHIN: Duration = Duration::from_secs(5);

/// A trigger that listened until just now is still leaving: it joins again within this time.
const LEFT_WITHIN: Duration = Duration::from_secs(5);
/// How often that is tried.
const TRY_AGAIN: Duration = Duration::from_millis(20);

/// What all triggers of streams share. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Hall {
    pub(crate) streams: Streams,
    pub(crate) cohorts: Arc<Mutex<Cohorts>>,
    /// Whether no workload is on its way that might be a trigger of a stream.
    pub(crate) claimed: watch::Receiver<bool>,
}

/// One trigger that joins.
pub(crate) struct Newcomer {
    pub(crate) class: Arc<Class>,
    pub(crate) context: Context,
    pub(crate) kwargs: String,
    pub(crate) host: Arc<dyn HostCalls>,
    pub(crate) upstreams: Arc<dyn Upstreams>,
    pub(crate) connections: Arc<dyn Connections>,
    pub(crate) broker: broker::Broker,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) sandbox: Sandbox,
    /// How it is to leave.
    pub(crate) exit: Exit,
}

/// Why a trigger does not join.
pub(crate) enum NotJoined {
    /// Its component gave no stream.
    Call(Box<EndReason>),
    /// The host has no such stream for it; one line.
    Refused(String),
}

impl Hall {
    /// Joins the stream that the trigger describes.
    ///
    /// # Cancel safety
    /// A dropped future leaves no subscription behind.
    pub(crate) async fn join(&self, newcomer: Newcomer) -> Result<Listener, NotJoined> {
        let Newcomer { class, context, kwargs, host, upstreams, connections, broker, clock, sandbox, exit } = newcomer;
        let Some(subscriber) = class.subscriber() else {
            return Err(NotJoined::Refused("its component does not filter shared streams any more".to_owned()));
        };
        let described = subscriber.stream(kwargs.clone(), &class.limits).await;
        let described = described.map_err(|reason| NotJoined::Call(Box::new(reason)))?;
        let across_classes = upstreams.is_shared_across_classes(&described.source);
        let key = description::key(&class.classpath, &described.key, across_classes);
        let wanted = description::wanted(described.wanted).map_err(|error| NotJoined::Refused(error.to_string()))?;
        let upstream = upstreams.make(WantedUpstream {
            trigger: context.trigger_id,
            classpath: &class.classpath,
            source: &described.source,
            parameters: &described.parameters,
            key: &key,
            connections,
            broker,
            clock,
        });
        let upstream = upstream.map_err(|error| NotJoined::Refused(error.to_string()))?;
        let cohort = self.cohort(&class, &context, &key).await;
        let (trigger, kind) = (context.trigger_id, context.kind);
        let upstream::Upstream { producer, mode, policy } = upstream;
        let subscribe = Subscribe { trigger, key, wanted, mode, policy, producer, cohort };
        let joined = self.subscribed(subscribe).await;
        let subscription = joined.map_err(|error| NotJoined::Refused(error.to_string()))?.leaving_by(exit);
        let filter = subscriber.filter(context, kwargs, Arc::clone(&class.limits), host);
        Ok(Listener::new(subscription, filter, sandbox.handle().clone(), kind))
    }

    /// Joins; a listener that was given up a moment ago may not have left yet.
    async fn subscribed(&self, subscribe: Subscribe) -> Result<Subscription, SubscribeError> {
        let until = Instant::now() + LEFT_WITHIN;
        loop {
            match self.streams.subscribe(subscribe.clone()).await {
                Err(SubscribeError::AlreadySubscribed(_)) if Instant::now() < until => sleep(TRY_AGAIN).await,
                joined => return joined,
            }
        }
    }

    /// Those who are to be there before the stream is read; streams that wait for this one in vain learn that it does
    /// not come.
    async fn cohort(&self, class: &Class, context: &Context, key: &StreamKey) -> Vec<TriggerId> {
        let mut claimed = self.claimed.clone();
        // Past the deadline, or when the host ends, it joins with those who are known.
        let _ = timeout(CLAIMS_WITHIN, claimed.wait_for(|claimed| *claimed)).await;
        let Joining { cohort, not_coming } = self.cohorts.lock().joins(&class.classpath, context.trigger_id, key);
        for other in not_coming {
            self.streams.not_coming(other, context.trigger_id).await;
        }
        cohort
    }
}
