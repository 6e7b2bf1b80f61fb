//! Links what guests may import. What is not here is refused at load by `load::gate`, with the list; the two go together.

use wasmtime::Engine;
use wasmtime::component::{HasData, HasSelf, Linker, ResourceTable};
use wasmtime_wasi::WasiView;
use wasmtime_wasi::cli::{WasiCli, WasiCliView};
use wasmtime_wasi::clocks::{WasiClocks, WasiClocksView};
use wasmtime_wasi::filesystem::{WasiFilesystem, WasiFilesystemView};
use wasmtime_wasi::p2::bindings::{cli, clocks, filesystem, io, random};
use wasmtime_wasi::random::WasiRandom;

use crate::bindings::trigger_host::host;
use crate::state::State;

struct Table;

impl HasData for Table {
    type Data<'a> = &'a mut ResourceTable;
}

/// Everything guests may import.
pub(crate) fn linker(engine: &Engine) -> wasmtime::Result<Linker<State>> {
    let mut linker = Linker::new(engine);
    host::logging::add_to_linker::<State, HasSelf<State>>(&mut linker, |state| state)?;
    host::http::add_to_linker::<State, HasSelf<State>>(&mut linker, |state| state)?;
    add_runtime(&mut linker)?;
    add_wasi(&mut linker)?;
    Ok(linker)
}

fn add_runtime(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    host::variables::add_to_linker::<State, HasSelf<State>>(linker, |state| state)?;
    host::xcoms::add_to_linker::<State, HasSelf<State>>(linker, |state| state)?;
    host::asset_state::add_to_linker::<State, HasSelf<State>>(linker, |state| state)?;
    host::task_instances::add_to_linker::<State, HasSelf<State>>(linker, |state| state)?;
    host::dag_runs::add_to_linker::<State, HasSelf<State>>(linker, |state| state)?;
    host::connections::add_to_linker::<State, HasSelf<State>>(linker, |state| state)
}

fn add_wasi(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    io::error::add_to_linker::<State, Table>(linker, |state| state.ctx().table)?;
    io::poll::add_to_linker::<State, Table>(linker, |state| state.ctx().table)?;
    io::streams::add_to_linker::<State, Table>(linker, |state| state.ctx().table)?;
    clocks::wall_clock::add_to_linker::<State, WasiClocks>(linker, State::clocks)?;
    clocks::monotonic_clock::add_to_linker::<State, WasiClocks>(linker, State::clocks)?;
    random::random::add_to_linker::<State, WasiRandom>(linker, |state| state.ctx().ctx.random())?;
    random::insecure::add_to_linker::<State, WasiRandom>(linker, |state| state.ctx().ctx.random())?;
    random::insecure_seed::add_to_linker::<State, WasiRandom>(linker, |state| state.ctx().ctx.random())?;
    filesystem::preopens::add_to_linker::<State, WasiFilesystem>(linker, State::filesystem)?;
    filesystem::types::add_to_linker::<State, WasiFilesystem>(linker, State::filesystem)?;
    add_cli(linker)
}

fn add_cli(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    cli::exit::add_to_linker::<State, WasiCli>(linker, State::cli)?;
    cli::environment::add_to_linker::<State, WasiCli>(linker, State::cli)?;
    cli::stdin::add_to_linker::<State, WasiCli>(linker, State::cli)?;
    cli::stdout::add_to_linker::<State, WasiCli>(linker, State::cli)?;
    cli::stderr::add_to_linker::<State, WasiCli>(linker, State::cli)?;
    cli::terminal_input::add_to_linker::<State, WasiCli>(linker, State::cli)?;
    cli::terminal_output::add_to_linker::<State, WasiCli>(linker, State::cli)?;
    cli::terminal_stdin::add_to_linker::<State, WasiCli>(linker, State::cli)?;
    cli::terminal_stdout::add_to_linker::<State, WasiCli>(linker, State::cli)?;
    cli::terminal_stderr::add_to_linker::<State, WasiCli>(linker, State::cli)
}
