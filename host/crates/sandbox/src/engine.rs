//! The engine and its settings. What is chosen, and why:
//!
//! | setting | value | reason |
//! | --- | --- | --- |
//! | strategy | Cranelift, for speed | guests are compiled once and called for ever |
//! | epoch interruption | on, fuel off | a running guest is looked at each tick, for less than fuel costs |
//! | concurrency support | off | one call per instance; a call that never waits costs a quarter |
//! | threads, shared memory, 64-bit memory, relaxed SIMD, tail calls, exceptions, custom page sizes, gc | off | no guest needs them; less surface |
//! | multi-memory | off | sums over memories are simple when a module has one |
//! | wasm stack, whole stack | 256 KiB, 1 MiB | recursion traps cleanly; host functions and the broker's futures run on the rest |
//! | stack zeroing | on, 64 KiB kept | what one guest leaves on a stack no other sees |
//! | allocation | a pool of slots | about three times the polls per second, and bounds on everything |
//! | keep-resident, `pagemap_scan` | 1 MiB, automatic | a slot is cleaned by writing what was touched; without the kernel's help (before 6.7) both are off |
//! | memory reservation, guard | 4 GiB, 32 MiB (the engine's own) | bounds checks cost nothing; hence the bound on slots |
//! | signal-based traps, Spectre mitigations | as the engine has them: on | |
//!
//! Everything that decides the compiled code is in [`code_settings`], alone: the compiling child process uses that and
//! nothing else, so its artefacts fit this process, whatever its pool.

use wasmtime::{
    Config as Settings, Enabled, Engine, InstanceAllocationStrategy, OptLevel, PoolingAllocationConfig, Strategy,
    WasmBacktraceDetails,
};

use crate::config::{Config, StartError};
use crate::room;

/// More would not fit into the address space: 4 GiB each, of 128 TiB.
pub(crate) const MOST_SLOTS: usize = 16_000;
/// A slot's memory is reserved as a whole.
const MOST_MEMORY: u64 = 4 << 30;
/// What one component may hold, so that slots are all that has to be counted.
pub(crate) const CORE_INSTANCES: u32 = 40;
pub(crate) const TABLES: u32 = 10;
pub(crate) const TABLE_ELEMENTS: u32 = 20_000;

const KEEP_RESIDENT: usize = 1 << 20;
const STACK_KEEP_RESIDENT: usize = 64 << 10;
const WASM_STACK: usize = 256 << 10;
const WHOLE_STACK: usize = 1 << 20;

/// What decides the compiled code.
pub(crate) fn code_settings() -> Settings {
    let mut settings = Settings::new();
    settings
        .strategy(Strategy::Cranelift)
        .cranelift_opt_level(OptLevel::Speed)
        .epoch_interruption(true)
        .consume_fuel(false)
        .concurrency_support(false)
        .wasm_backtrace_details(WasmBacktraceDetails::Disable)
        .wasm_component_model(true)
        .wasm_relaxed_simd(false)
        .wasm_tail_call(false)
        .wasm_multi_memory(false)
        .wasm_memory64(false)
        .wasm_custom_page_sizes(false)
        .wasm_wide_arithmetic(false)
        .max_wasm_stack(WASM_STACK)
        .async_stack_size(WHOLE_STACK)
        .async_stack_zeroing(true);
    settings
}

/// Starts the engine that runs guests.
pub(crate) fn start(config: &Config) -> Result<Engine, StartError> {
    check(config)?;
    let mut settings = code_settings();
    settings.allocation_strategy(InstanceAllocationStrategy::Pooling(pool(config)));
    Engine::new(&settings).map_err(|error| StartError::Engine { slots: config.slots, reason: format!("{error:#}") })
}

fn check(config: &Config) -> Result<(), StartError> {
    let refuse = |what: String| Err(StartError::Setting(what));
    if config.slots == 0 || config.slots > MOST_SLOTS {
        return refuse(format!("there must be 1 to {MOST_SLOTS} slots, not {}", config.slots));
    }
    if config.max_memory < 1 << 16 || config.max_memory > MOST_MEMORY {
        return refuse(format!("the memory of a slot must be 64 KiB to 4 GiB, not {} bytes", config.max_memory));
    }
    if config.workers == 0 {
        return refuse("there must be at least one worker for guests".to_owned());
    }
    if config.tick.is_zero() {
        return refuse("the tick must be longer than zero; 2 ms is a good value".to_owned());
    }
    Ok(())
}

fn pool(config: &Config) -> PoolingAllocationConfig {
    // Those of calls, and those of filters that stay between theirs.
    let slots = config.slots + room::kept(config.slots, MOST_SLOTS);
    let slots = u32::try_from(slots).unwrap_or(u32::MAX);
    // Bounded by `check`, so it fits.
    let memory = usize::try_from(config.max_memory).unwrap_or(usize::MAX);
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(slots)
        .total_memories(slots)
        .total_stacks(slots)
        .total_core_instances(slots.saturating_mul(CORE_INSTANCES))
        .total_tables(slots.saturating_mul(TABLES))
        .max_core_instances_per_component(CORE_INSTANCES)
        .max_tables_per_component(TABLES)
        .max_tables_per_module(TABLES)
        .max_memories_per_component(slots)
        .table_elements(TABLE_ELEMENTS as usize)
        .max_memory_size(memory);
    if PoolingAllocationConfig::is_pagemap_scan_available() {
        pool.pagemap_scan(Enabled::Auto)
            .linear_memory_keep_resident(KEEP_RESIDENT)
            .table_keep_resident(KEEP_RESIDENT)
            .async_stack_keep_resident(STACK_KEEP_RESIDENT);
    } else {
        tracing::warn!("The kernel does not have PAGEMAP_SCAN (Linux 6.7): polls cost about three times as much.");
    }
    pool
}
