//! What the three kinds of component have in common: their code, where they run, and how a call is made and counted.

use std::sync::Arc;

use tokio::task::JoinError;
use wasmtime::Store;
use wasmtime::component::Instance;

use crate::answer;
use crate::call::{EndReason, Ended, HostCalls, Limits, Used};
use crate::run::{self, Calling};
use crate::shared::{Compiled, Shared};
use crate::state::State;
use crate::telemetry;

/// What the three kinds have in common.
#[derive(Clone)]
pub(super) struct Core {
    pub(super) name: Arc<str>,
    pub(super) compiled: Arc<Compiled>,
    pub(super) shared: Arc<Shared>,
}

impl Core {
    /// On one of the sandbox's own workers: in place when this is one, else as a task.
    pub(super) async fn call<T, W>(&self, limits: Arc<Limits>, host: Arc<dyn HostCalls>, work: W) -> Ended<T>
    where
        T: Send + 'static,
        W: for<'a> FnOnce(&'a mut Store<State>, &'a Instance) -> Calling<'a, T> + Send + 'static,
    {
        let work = run::call(Arc::clone(&self.shared), Arc::clone(&self.compiled), limits, host, work);
        if self.shared.runtime.is_here() {
            return work.await;
        }
        match self.shared.runtime.spawn(work).await {
            Ok(ended) => ended,
            Err(error) => Ended { result: Err(self.lost(error)), used: Used::default() },
        }
    }

    /// The task is gone: the runtime has ended, or the host has a fault.
    fn lost(&self, error: JoinError) -> EndReason {
        if error.is_cancelled() {
            return EndReason::Cancelled;
        }
        tracing::error!(component = %self.name, digest8 = %self.compiled.digest.short(), "The host panicked in a call of a guest.");
        EndReason::Trap { message: "the host failed while it ran the call".to_owned(), backtrace: Vec::new() }
    }
}

/// Checks the answer of a call, and counts the call.
pub(super) fn finish<R, T>(
    ended: Ended<R>,
    function: &'static str,
    check: impl FnOnce(R) -> Result<T, EndReason>,
) -> Ended<T> {
    let Ended { result, used } = ended;
    let result = match result {
        Ok(given) => check(given),
        Err(EndReason::Guest(error)) => Err(EndReason::Guest(answer::bound_error(error))),
        Err(reason) => Err(reason),
    };
    telemetry::count_call(function, result.as_ref().err(), &used);
    Ended { result, used }
}
