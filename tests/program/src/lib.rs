//! The built binary, as tests and benchmarks run it: in a folder, without this process's environment, and never for
//! longer than a minute.
//!
//! | module | for |
//! | --- | --- |
//! | [`folder`] | a folder of files, and commands that run in it to their end |
//! | [`running`] | a process whose lines are read one after the other, in a test without async |
//! | [`watched`] | a process whose lines are kept and searched, in an async test |
//! | [`served`] | a host against an embedded API of its own: configuration, requests, log lines |
//! | [`components`] | the samples, and bytes that are not components |
//!
//! For tests and benchmarks only: failures panic. Every port is the system's choice.
#![forbid(unsafe_code)]
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

pub mod components;
pub mod folder;
pub mod running;
pub mod served;
pub mod watched;

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

/// No single thing in these tests takes nearly so long.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// The binary: the one cargo has built for the host's own tests, or one that is built now.
pub fn host() -> &'static Path {
    static HOST: OnceLock<PathBuf> = OnceLock::new();
    HOST.get_or_init(|| {
        let built = env::var_os("CARGO_BIN_EXE_trigger-host").map(PathBuf::from);
        built.unwrap_or_else(|| {
            let features: &[&str] = if cfg!(feature = "kafka") { &["kafka"] } else { &[] };
            guest_build::host(features)
        })
    })
}

/// A program in a folder, with an environment that holds nothing but the cache of compiled components: one for all
/// tests, so that each component is compiled once.
pub fn command(program: &Path, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .current_dir(folder)
        .env_clear()
        .env("XDG_CACHE_HOME", guest_build::target().join("tmp"))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}
