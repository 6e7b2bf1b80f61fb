//! What belongs to one instance while it lives: the data of its store.

use std::sync::Arc;
use std::time::{Duration, Instant};

use trigger_host_types::Clock;
use trigger_host_types::log::Source;
use wasmtime_wasi::{ResourceTable, WasiCtx, WasiCtxView, WasiView};

use crate::imports::{Budget, CoarseMonotonic, CoarseWall, Output};
use crate::limiter::Limiter;
use crate::log::CallLog;
use crate::meter::Meter;
use crate::{HostCalls, Limits};

/// Handles a guest may hold at once: streams, pollables.
pub(crate) const MOST_HANDLES: usize = 256;
/// Bytes of randomness at once.
const MOST_RANDOM: u64 = 64 << 10;

/// The data of one store.
pub(crate) struct State {
    pub(crate) limiter: Limiter,
    pub(crate) budget: Budget,
    pub(crate) log: CallLog,
    pub(crate) host: Arc<dyn HostCalls>,
    pub(crate) meter: Arc<Meter>,
    pub(crate) cpu_limit: Duration,
    wasi: WasiCtx,
    table: ResourceTable,
}

impl State {
    pub(crate) fn new(
        limits: &Limits,
        limiter: Limiter,
        host: Arc<dyn HostCalls>,
        meter: Arc<Meter>,
        clock: &Arc<dyn Clock>,
        began: Instant,
    ) -> Self {
        let log = CallLog::new(Arc::clone(&host), limits.log_bytes);
        let mut table = ResourceTable::new();
        table.set_max_capacity(MOST_HANDLES);
        let wasi = nothing_granted(&log, clock, began);
        let budget = Budget::new(limits.host_calls);
        Self { limiter, budget, log, host, meter, cpu_limit: limits.cpu, wasi, table }
    }
}

/// WASI without arguments, environment, files, input or sockets.
fn nothing_granted(log: &CallLog, clock: &Arc<dyn Clock>, began: Instant) -> WasiCtx {
    WasiCtx::builder()
        .stdout(Output::new(log.clone(), Source::Stdout))
        .stderr(Output::new(log.clone(), Source::Stderr))
        .wall_clock(CoarseWall(Arc::clone(clock)))
        .monotonic_clock(CoarseMonotonic(began))
        .max_random_size(MOST_RANDOM)
        .allow_tcp(false)
        .allow_udp(false)
        .allow_ip_name_lookup(false)
        .build()
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}
