//! Looks where it has no business: environment, arguments, files, standard input, clocks, randomness.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::io::Read;
use std::time::{Instant, SystemTime, UNIX_EPOCH};
use std::{env, fs, io};

use serde_json::{Value, json};

use crate::bindings::trigger_host::trigger::types::{Error, Outcome};
use crate::fire;

pub(crate) fn choose(choice: &str, kwargs: &Value) -> Option<Result<Outcome, Error>> {
    Some(match choice {
        "look-around" => fire(look_around().to_string()),
        "wall-clock" => {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            fire(now.as_nanos().to_string())
        }
        "monotonic" => {
            let begin = Instant::now();
            let steps: Vec<u64> = (0..1_000).map(|_| begin.elapsed().as_nanos() as u64).collect();
            fire(json!(steps).to_string())
        }
        "random" => fire(RandomState::new().hash_one(1_u8).to_string()),
        "huge-random" => {
            let length = kwargs["count"].as_u64().unwrap_or(1 << 20);
            fire(get_random_bytes(length).len().to_string())
        }
        "exit" => std::process::exit(3),
        _ => return None,
    })
}

fn look_around() -> Value {
    let mut input = Vec::new();
    let read = io::stdin().read_to_end(&mut input).map_err(|error| error.to_string());
    json!({
        "env": env::vars_os().count(),
        "args": env::args_os().count(),
        "stdin": read.map_or_else(Value::from, Value::from),
        "passwd": fs::read("/etc/passwd").is_ok(),
        "root": fs::read_dir("/").is_ok(),
        "here": fs::read_dir(".").is_ok(),
        "write": fs::write("canary", "x").is_ok(),
    })
}

/// One call of `wasi:random`, past the standard library, which asks in pieces.
fn get_random_bytes(length: u64) -> Vec<u8> {
    crate::bindings::wasi::random::random::get_random_bytes(length)
}
