//! The same component in wasmtime as it comes: instances allocated on demand, no epochs, no budgets, no checks of the
//! answer.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow};
use wasmtime::component::{Component, Linker, ResourceTable, Val};
use wasmtime::{Engine, Store};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

use crate::measure::process_cpu;
use crate::polls::Cost;

const POLLER: &str = "trigger-host:trigger/poller@0.1.0";
/// What all ways poll with: a moment that has not come.
pub(crate) const KWARGS: &str = r#"{"moment": "2099-11-20T12:12:24.845727Z"}"#;

struct State {
    wasi: WasiCtx,
    table: ResourceTable,
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

/// An instance for each poll.
pub(crate) async fn on_demand(wasm: &[u8], window: Duration) -> Result<Cost> {
    let wasmtime = Wasmtime::new(wasm)?;
    cost(window, async || wasmtime.instance().await?.poll().await).await
}

/// One instance for all polls.
pub(crate) async fn live(wasm: &[u8], window: Duration) -> Result<Cost> {
    let wasmtime = Wasmtime::new(wasm)?;
    let mut instance = wasmtime.instance().await?;
    cost(window, async || instance.poll().await).await
}

async fn cost(window: Duration, mut poll: impl AsyncFnMut() -> Result<()>) -> Result<Cost> {
    for _ in 0..1_000 {
        poll().await?;
    }
    let (begin, cpu, mut count) = (Instant::now(), process_cpu(), 0);
    while begin.elapsed() < window {
        for _ in 0..50 {
            poll().await?;
        }
        count += 50;
    }
    Ok(Cost { count, cpu: process_cpu() - cpu, wall: begin.elapsed() })
}

/// The engine's error type is its own.
fn told(error: wasmtime::Error) -> anyhow::Error {
    anyhow!("{error:#}")
}

struct Wasmtime {
    engine: Engine,
    component: Component,
    linker: Linker<State>,
}

struct Instance {
    store: Store<State>,
    poll: wasmtime::component::Func,
}

impl Wasmtime {
    fn new(wasm: &[u8]) -> Result<Self> {
        let engine = Engine::default();
        let component = Component::new(&engine, wasm).map_err(told)?;
        let mut linker = Linker::new(&engine);
        wasmtime_wasi::p2::add_to_linker_async(&mut linker).map_err(told)?;
        linker.define_unknown_imports_as_traps(&component).map_err(told)?;
        Ok(Self { engine, component, linker })
    }

    async fn instance(&self) -> Result<Instance> {
        let state = State { wasi: WasiCtx::builder().build(), table: ResourceTable::new() };
        let mut store = Store::new(&self.engine, state);
        let instance = self.linker.instantiate_async(&mut store, &self.component).await.map_err(told)?;
        let poller = instance.get_export_index(&mut store, None, POLLER).context("no poller")?;
        let poll = instance.get_export_index(&mut store, Some(&poller), "poll").context("no poll")?;
        let poll = instance.get_func(&mut store, poll).context("poll is no function")?;
        Ok(Instance { store, poll })
    }
}

impl Instance {
    async fn poll(&mut self) -> Result<()> {
        let context = Val::Record(vec![
            ("trigger-id".to_owned(), Val::U64(7)),
            ("classpath".to_owned(), Val::String("bench.At".to_owned())),
            ("kind".to_owned(), Val::Enum("task".to_owned())),
            ("now".to_owned(), Val::U64(0)),
            ("task".to_owned(), Val::Option(None)),
            ("timeout-at".to_owned(), Val::Option(None)),
        ]);
        let mut answer = [Val::Bool(false)];
        let parameters = [context, Val::String(KWARGS.to_owned()), Val::Option(None)];
        self.poll.call_async(&mut self.store, &parameters, &mut answer).await.map_err(told)?;
        match &answer {
            [Val::Result(Ok(_))] => Ok(()),
            other => anyhow::bail!("the guest answered {other:?}"),
        }
    }
}
