//! Measures a start with a warm cache: engine, load, first answer. Prints JSON on standard output.
//!
//! `cargo run --release -p sandbox --example cold_start`
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a measuring program")]

mod support;

use std::time::{Duration, Instant};

use sandbox::{Allowed, Config, Sandbox};
use serde_json::json;
use support::call;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let folder = tempfile::tempdir().unwrap();
    let wasm = std::fs::read(guest_build::component("hostile")).unwrap();
    for start in ["compiled", "cached", "cached", "cached"] {
        let config = Config { cache: Some(folder.path().to_owned()), ..support::config() };
        let begin = Instant::now();
        let sandbox = Sandbox::start(config).unwrap();
        let started = begin.elapsed();
        let component = sandbox.load("hostile.wasm", &wasm, &Allowed::ALL).await.unwrap();
        let loaded = begin.elapsed() - started;
        component.poll(call(&json!({"do": "echo"}))).await.result.unwrap();
        let first = begin.elapsed() - started - loaded;
        let ms = |time: Duration| time.as_secs_f64() * 1e3;
        println!(
            "{}",
            json!({"start": start, "engine_ms": ms(started), "load_ms": ms(loaded), "first_poll_ms": ms(first)})
        );
    }
}
