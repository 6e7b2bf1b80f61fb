//! A component that is ready to be called.

use std::sync::Arc;

use tokio::task::JoinError;
use trigger_host_types::Digest;
use wasmtime::component::{ComponentExportIndex, ComponentNamedList, InstancePre, Lift, Lower};

use crate::answer;
use crate::bindings::exports::trigger_host::trigger::manifest;
use crate::bindings::trigger_host::trigger::types as wit;
use crate::call::NoHost;
use crate::sandbox::Shared;
use crate::state::State;
use crate::{Call, Description, EndReason, Ended, HostCalls, Limits, Outcome, Used, World, run, telemetry};

/// A component that is checked, compiled and linked. Cheap to clone.
#[derive(Clone)]
pub struct Component {
    name: Arc<str>,
    pub(crate) compiled: Arc<Compiled>,
    pub(crate) shared: Arc<Shared>,
}

/// What all components of one digest share.
pub(crate) struct Compiled {
    digest: Digest,
    world: World,
    pre: InstancePre<State>,
    exports: Exports,
    slots: u32,
}

/// Where the exports are: looked up once.
pub(crate) struct Exports {
    pub(crate) manifest: Option<ComponentExportIndex>,
    pub(crate) calls: Calls,
}

/// The exports of a component's world.
pub(crate) enum Calls {
    Poll { poll: ComponentExportIndex, on_kill: ComponentExportIndex },
    Subscriber { describe: ComponentExportIndex, filter: ComponentExportIndex, evaluate: ComponentExportIndex },
    Producer { read: ComponentExportIndex, advance: ComponentExportIndex, extend: ComponentExportIndex },
}

/// What `poll` and `on-kill` take.
pub(crate) type CallParams = (wit::Context, String, Option<String>);

impl Compiled {
    /// `slots` is how many slots of the pool an instance takes.
    pub(crate) fn new(digest: Digest, world: World, pre: InstancePre<State>, exports: Exports, slots: u32) -> Self {
        Self { digest, world, pre, exports, slots }
    }

    pub(crate) fn pre(&self) -> &InstancePre<State> {
        &self.pre
    }

    pub(crate) fn slots(&self) -> u32 {
        self.slots
    }

    pub(crate) fn calls(&self) -> &Calls {
        &self.exports.calls
    }
}

impl Component {
    pub(crate) fn new(name: &str, compiled: Arc<Compiled>, shared: Arc<Shared>) -> Self {
        Self { name: name.into(), compiled, shared }
    }

    /// What the caller of `load` called it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The digest of its wasm.
    pub fn digest(&self) -> Digest {
        self.compiled.digest
    }

    /// What it is.
    pub fn world(&self) -> World {
        self.compiled.world
    }

    /// What it says of itself, asked without grants; nothing when it has no manifest.
    ///
    /// # Errors
    /// When the call ends without an answer, or with one that cannot be used.
    pub async fn describe(&self, limits: &Limits) -> Option<Result<Description, EndReason>> {
        let export = self.compiled.exports.manifest?;
        let own = Arc::new(limits.clone());
        let ended: Ended<(manifest::Description,)> = self.call(export, (), own, Arc::new(NoHost)).await;
        let ended = checked(ended, "describe", |(given,)| answer::description(given, limits));
        Some(ended.result)
    }

    /// Calls `poll` on a fresh instance, which is gone when this returns.
    ///
    /// # Cancel safety
    /// Dropping the future ends the call and its instance within a tick.
    pub async fn poll(&self, call: Call) -> Ended<Outcome> {
        let Calls::Poll { poll, .. } = self.compiled.calls() else { return self.has_no("poll") };
        let limits = Arc::clone(&call.limits);
        let ended: Ended<(Result<wit::Outcome, wit::Error>,)> = self.ask(*poll, call).await;
        checked(ended, "poll", |(given,)| match given {
            Ok(outcome) => answer::outcome(outcome, &limits),
            Err(error) => Err(EndReason::Guest(answer::guest_error(error))),
        })
    }

    /// Calls `on-kill` on a fresh instance, which is gone when this returns.
    ///
    /// # Cancel safety
    /// As for `poll`.
    pub async fn on_kill(&self, call: Call) -> Ended<()> {
        let Calls::Poll { on_kill, .. } = self.compiled.calls() else { return self.has_no("on-kill") };
        let ended: Ended<(Result<(), wit::Error>,)> = self.ask(*on_kill, call).await;
        checked(ended, "on-kill", |(given,)| given.map_err(|error| EndReason::Guest(answer::guest_error(error))))
    }

    /// A component of another world was called: a fault of the caller, told like one of the component.
    pub(crate) fn has_no<T>(&self, function: &str) -> Ended<T> {
        let what = format!("it is a {} and has no `{function}`", self.world());
        Ended { result: Err(EndReason::BadAnswer { what }), used: Used::default() }
    }

    async fn ask<R>(&self, export: ComponentExportIndex, call: Call) -> Ended<R>
    where
        R: ComponentNamedList + Lift + Send + Sync + 'static,
    {
        let Call { context, kwargs, checkpoint, limits, host } = call;
        let params: CallParams = (context.into(), kwargs, checkpoint);
        self.call(export, params, limits, host).await
    }

    /// On one of the sandbox's own workers: in place when this is one, else as a task.
    pub(crate) async fn call<P, R>(
        &self,
        export: ComponentExportIndex,
        params: P,
        limits: Arc<Limits>,
        host: Arc<dyn HostCalls>,
    ) -> Ended<R>
    where
        P: ComponentNamedList + Lower + Send + Sync + 'static,
        R: ComponentNamedList + Lift + Send + Sync + 'static,
    {
        let work = run::call(Arc::clone(&self.shared), Arc::clone(&self.compiled), export, params, limits, host);
        if self.shared.runtime.is_here() {
            return work.await;
        }
        match self.shared.runtime.spawn(work).await {
            Ok(ended) => ended,
            Err(error) => Ended { result: Err(self.lost(error)), used: Used::default() },
        }
    }

    /// The task is gone: the runtime ended, or there is a fault of ours.
    fn lost(&self, error: JoinError) -> EndReason {
        if error.is_cancelled() {
            return EndReason::Cancelled;
        }
        tracing::error!(component = %self.name, digest8 = %self.compiled.digest.short(), "The host panicked in a call of a guest.");
        EndReason::Trap { message: "the host failed while it ran the call".to_owned(), backtrace: Vec::new() }
    }
}

pub(crate) fn checked<R, T>(
    ended: Ended<R>,
    function: &'static str,
    check: impl FnOnce(R) -> Result<T, EndReason>,
) -> Ended<T> {
    let result = ended.result.and_then(check);
    telemetry::ended(function, result.as_ref().err(), &ended.used);
    Ended { result, used: ended.used }
}
