//! Why a component is not loaded, why a sandbox does not start, and how calls end without an answer.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use program::components::{core_module, empty_component, sample};
use sandbox::{Config, EndReason, GuestError, LoadError, Sandbox, StartError, inspect};
use texts::{Section, check, every, examples};
use trigger_host_types::VirtualClock;

fn load(wasm: &[u8]) -> LoadError {
    inspect(wasm).unwrap_err()
}

#[test]
fn components() {
    let name = || "poll.wasm".to_owned();
    let load_errors = every!(sandbox::LoadError {
        LoadError::NotWasm { .. } => load(b"#!/bin/sh"),
        LoadError::CoreModule { .. } => load(&core_module()),
        LoadError::Truncated { .. } => load(&sample("time_delta")[..1_000]),
        LoadError::TooLarge { .. } => LoadError::TooLarge { name: name(), size: 600 << 20, limit: 64 << 20 },
        LoadError::TooMany { .. } => LoadError::TooMany { name: name(), what: "imports and exports", limit: 1_000 },
        LoadError::Invalid { .. } => LoadError::Invalid { name: name(), reason: "unexpected end (at offset 0x12)".into() },
        LoadError::WrongWorld { .. } => load(&empty_component()),
        LoadError::UnknownVersion { .. } => LoadError::UnknownVersion {
            name: name(),
            version: "0.2.0".into(),
            known: sandbox::Versions::default().to_string(),
        },
        LoadError::WrongShape { .. } =>
            LoadError::WrongShape { name: name(), version: "0.1.0", reason: "the export `poll` is missing".into() },
        LoadError::Refused { .. } => LoadError::Refused {
            name: name(),
            refusals: vec![
                "it imports `wasi:sockets/tcp@0.2.0`: (why)".into(),
                "it imports `other:thing/x@1.0.0`: (why)".into(),
            ],
        },
        LoadError::Compile { .. } => LoadError::Compile { name: name(), reason: "the function is too large".into() },
        LoadError::CompileDeadline { .. } =>
            LoadError::CompileDeadline { name: name(), limit: Duration::from_secs(60) },
        LoadError::CompilerProcess { .. } =>
            LoadError::CompilerProcess { name: name(), source: io::Error::other("permission denied") },
    });
    let not_wasm = [("an empty file", load(b"")), ("a few bytes", load(b"\0asm"))];
    check("components", &[load_errors, examples("files that are not components", not_wasm)]);
}

#[test]
fn start() {
    let start = every!(sandbox::StartError {
        StartError::Setting(_) => StartError::Setting("which setting is wrong".into()),
        StartError::Engine { .. } => StartError::Engine { slots: 256, reason: "cannot allocate memory".into() },
        StartError::Thread(_) => StartError::Thread(io::Error::other("no thread is left")),
    });
    let config = || Config::new(Arc::new(VirtualClock::new(0)));
    let settings = [
        ("no slot", Config { slots: 0, ..config() }),
        ("too many slots", Config { slots: 16_001, ..config() }),
        ("too little memory", Config { max_memory: 1_000, ..config() }),
        ("no worker", Config { workers: 0, ..config() }),
        ("no tick", Config { tick: Duration::ZERO, ..config() }),
    ];
    let settings = settings.map(|(about, config)| (about, Sandbox::start(config).err().unwrap()));
    check("sandbox", &[start, examples("settings of the sandbox", settings)]);
}

#[test]
fn ends() {
    let span = Duration::from_millis;
    let trap = || EndReason::Trap {
        message: "it called exit with code 1".into(),
        backtrace: vec!["0: poll.wasm!poll".into(), "1: poll.wasm!start".into()],
    };
    let failed = || {
        EndReason::Guest(GuestError::Failed {
            message: "the job failed".into(),
            details: vec!["exit code 7".into(), "see its own log".into()],
        })
    };
    let ends = every!(sandbox::EndReason {
        EndReason::Guest(_) => failed(),
        EndReason::Trap { .. } => trap(),
        EndReason::Cpu { .. } => EndReason::Cpu { limit: span(100), used: span(102) },
        EndReason::Memory { .. } => EndReason::Memory { limit: 64 << 20, asked: 65 << 20 },
        EndReason::Deadline { .. } => EndReason::Deadline { limit: span(30_000), used: span(30_002) },
        EndReason::HostCalls { .. } => EndReason::HostCalls { limit: 16, used: 65 },
        EndReason::BadAnswer { .. } => EndReason::BadAnswer { what: "the checkpoint is not JSON".into() },
        EndReason::Cancelled => EndReason::Cancelled,
    });
    let guest = [
        ("kwargs that do not fit", GuestError::InvalidKwargs("`delta` is missing".into())),
        ("a failure", GuestError::Failed { message: "the job failed".into(), details: vec![] }),
        ("anything else", GuestError::Other("anything else".into())),
    ];
    let lines = [("a failure", failed()), ("a trap", trap())].map(|(about, end)| (about, end.lines().join("\n")));
    check("ends", &[ends, Section::new("what the guest says", guest), Section::new("lines of the task's log", lines)]);
}
