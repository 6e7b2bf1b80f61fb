//! Triggers of one stream in this process: their filters in a sandbox, and each one's loop as the supervisor's listener
//! has it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use matching::{Condition, Match};
use sandbox::{Allowed, Component, Config, Context, Filter, HostCalls, Limits, Sandbox, Subscriber};
use serde_json::json;
use stream_rules::appetite::{self, Appetite};
use stream_rules::{Mode, Policy, Seq, StreamKey, Verdict};
use streams::{Confirmer, Producer, Streams, Subscribe, Subscription};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use trigger_host_types::{SystemClock, TriggerId, TriggerKind};

use crate::polls::Silent;

/// Kinds of messages: who emits one in a hundred wants one of them.
pub(super) const KINDS: i64 = 100;
/// Lots of numbers on their way to be confirmed.
const STORED: usize = 1_024;

/// Which raw events a subscriber fires for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Emits {
    OneInAHundred,
    All,
}

impl Emits {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::OneInAHundred => "one",
            Self::All => "all",
        }
    }
}

/// What is measured.
#[derive(Debug, Clone, Copy)]
pub(super) struct Case {
    pub(super) is_acked: bool,
    pub(super) subscribers: i64,
    pub(super) emits: Emits,
    /// Whether the host finds the subscribers by what they have said of the field.
    pub(super) is_matched: bool,
}

impl Case {
    /// As Airflow's program takes it.
    pub(super) const fn mode(&self) -> &'static str {
        if self.is_acked { "ack" } else { "fast" }
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {} subscribers, {}", self.mode(), self.subscribers, self.emits.name())
    }
}

/// A sandbox with the component.
pub(super) struct Room {
    sandbox: Sandbox,
    subscriber: Subscriber,
}

/// Subscribers at work. Dropped, they leave.
pub(super) struct Listeners {
    running: JoinSet<Result<()>>,
    streams: Streams,
}

/// Takes the numbers of what was emitted.
pub(super) type Stored = mpsc::Receiver<Vec<Seq>>;

impl Room {
    pub(super) async fn open() -> Result<Self> {
        let sandbox = Sandbox::start(Config::new(Arc::new(SystemClock)))?;
        let wasm = std::fs::read(guest_build::component("one_field"))?;
        let Component::Subscriber(subscriber) = sandbox.load("one_field", &wasm, &Allowed::ALL).await? else {
            bail!("the test guest `one_field` does not filter a stream");
        };
        Ok(Self { sandbox, subscriber })
    }

    /// Has everybody of a case join and listen; what they emit is to be confirmed.
    pub(super) async fn listeners(
        &self,
        case: Case,
        policy: Policy,
        producer: Arc<dyn Producer>,
    ) -> Result<(Listeners, Confirmer, Stored)> {
        let (streams, mut running) = (Streams::start_on(self.sandbox.handle().clone()), JoinSet::new());
        let (told, stored) = mpsc::channel(STORED);
        let mode = if case.is_acked { Mode::Ack } else { Mode::Fast };
        let cohort: Vec<TriggerId> = (0..case.subscribers).map(TriggerId).collect();
        let mut confirmer = None;
        for trigger in cohort.iter().copied() {
            let kwargs = kwargs(case, trigger).to_string();
            let wanted = self.wanted(&kwargs).await?;
            ensure!(wanted.is_everything() != case.is_matched, "the guest describes another match");
            let subscribe = Subscribe {
                trigger,
                key: StreamKey::global("benchmark"),
                wanted,
                mode,
                policy,
                producer: Arc::clone(&producer),
                cohort: cohort.clone(),
            };
            let subscription = streams.subscribe(subscribe).await?;
            confirmer.get_or_insert_with(|| subscription.confirmer());
            let filter = self.filter(trigger, kwargs);
            running.spawn_on(listen(subscription, filter, told.clone()), self.sandbox.handle());
        }
        Ok((Listeners { running, streams }, confirmer.context("nobody listens")?, stored))
    }

    /// The match, as the component describes it.
    async fn wanted(&self, kwargs: &str) -> Result<Match> {
        let described = self.subscriber.stream(kwargs.to_owned(), &Limits::default()).await;
        let described = described.map_err(|reason| anyhow!("{reason}"))?;
        let conditions = described.wanted.into_iter().map(|wanted| match wanted.test {
            sandbox::Test::OneOf(texts) => {
                let values = texts.iter().map(|text| serde_json::from_str(text)).collect::<Result<Vec<_>, _>>()?;
                Ok(Condition::one_of(&wanted.pointer, &values)?)
            }
            other => Err(anyhow!("an unexpected condition: {other:?}")),
        });
        Ok(Match::new(conditions.collect::<Result<_>>()?)?)
    }

    fn filter(&self, trigger: TriggerId, kwargs: String) -> Filter {
        let context = Context {
            trigger_id: trigger,
            classpath: "bench.Watch".into(),
            kind: TriggerKind::Asset,
            now: 0,
            task: None,
            timeout_at: None,
        };
        let host: Arc<dyn HostCalls> = Arc::new(Silent);
        self.subscriber.filter(context, kwargs, Arc::new(Limits::default()), host)
    }
}

impl Listeners {
    /// An error when one of them has ended.
    pub(super) fn check(&mut self) -> Result<()> {
        match self.running.try_join_next() {
            Some(ended) => Err(ended?.err().unwrap_or_else(|| anyhow!("a subscriber ended"))),
            None => Ok(()),
        }
    }

    /// Has everybody leave.
    pub(super) async fn end(mut self) {
        self.running.shutdown().await;
        self.streams.stop().await;
    }
}

/// Of the guest `one_field`.
fn kwargs(case: Case, trigger: TriggerId) -> serde_json::Value {
    let kind = (case.emits == Emits::OneInAHundred).then_some(trigger.0 % KINDS);
    json!({"kind": kind, "is_matched": case.is_matched})
}

/// What the supervisor's listener does with each batch, and where it does it, up to where events are encoded for the
/// API.
async fn listen(subscription: Subscription, mut filter: Filter, stored: mpsc::Sender<Vec<Seq>>) -> Result<()> {
    let mut appetite = Appetite::default();
    loop {
        let batch = subscription.next(appetite.most()).await.map_err(|ended| anyhow!("{ended}"))?;
        let (mut took, mut verdicts) = (Duration::ZERO, Vec::with_capacity(batch.len()));
        for part in batch.chunks(appetite::CALL) {
            let ended = filter.evaluate(part.iter().map(|raw| &raw.data[..])).await;
            took += ended.used.wall;
            verdicts.extend(ended.result.map_err(|reason| anyhow!("{reason}"))?);
        }
        appetite.had(batch.len(), took);
        let verdicts = verdicts.into_iter().map(|verdict| match verdict {
            sandbox::Verdict::Skip => Verdict::Skip,
            sandbox::Verdict::Reject(_) => Verdict::Reject,
            sandbox::Verdict::Emit(events) => Verdict::Emit { events: u32::try_from(events.len()).unwrap_or(u32::MAX) },
        });
        let seqs = subscription.verdicts(verdicts.collect()).await?;
        let seqs: Vec<Seq> = seqs.into_iter().flatten().collect();
        if !seqs.is_empty() {
            stored.send(seqs).await?;
        }
    }
}
