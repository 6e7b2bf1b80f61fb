//! What belongs to one instance while it lives: the data of its store.

pub(crate) mod budget;
mod clocks;
mod stdio;

use std::sync::Arc;
use std::time::{Duration, Instant};

use trigger_host_types::Clock;
use trigger_host_types::log::{Level, Source};
use wasmtime_wasi::{ResourceTable, WasiCtx, WasiCtxView, WasiView};

use crate::call::{HostCalls, Limits, Used};
use crate::limiter::Limiter;
use crate::log::CallLog;
use crate::meter::Meter;
use budget::Budget;
use clocks::{CoarseMonotonic, CoarseWall};
use stdio::Output;

/// Handles a guest may hold at once: streams, pollables.
pub(crate) const MOST_HANDLES: usize = 256;
/// Bytes of randomness at once.
const MOST_RANDOM: u64 = 64 << 10;

/// The data of one store. A version's imports reach the host through its methods, which count and check.
pub struct State {
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

    /// Writes a line of the guest's to its log, which bounds it and makes it inert.
    pub fn write_log(&self, level: Level, message: &str, fields: impl Iterator<Item = (String, String)>) {
        self.log.write(level, message, fields, Source::Guest);
    }

    /// The next call of the same instance begins: budgets are per call, memory is not.
    pub(crate) fn begin(&mut self, limits: &Limits, meter: Arc<Meter>) {
        self.budget = Budget::new(limits.host_calls);
        self.log.begin(limits.log_bytes);
        self.meter = meter;
    }

    /// What the call used that is over. Its CPU time is known only when all of it is.
    pub(crate) fn used(&mut self, began: Instant) -> Used {
        self.log.finish();
        Used {
            cpu: Duration::ZERO,
            wall: began.elapsed(),
            memory: self.limiter.memory(),
            host_calls: self.budget.count_calls(),
            log_lines_dropped: self.log.dropped(),
            last_host_calls: self.budget.take_last(),
        }
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
