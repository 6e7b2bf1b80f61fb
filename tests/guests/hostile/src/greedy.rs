//! Takes more than its share: time, memory, stack, answers, host calls, log lines.

use std::hint::black_box;

use serde_json::Value;

use crate::bindings::trigger_host::host::{http, logging};
use crate::bindings::trigger_host::trigger::types::{Error, Next, Outcome};
use crate::honest::request;
use crate::{event, fire};

pub(crate) fn choose(choice: &str, kwargs: &Value) -> Option<Result<Outcome, Error>> {
    let count = kwargs["count"].as_u64().unwrap_or(1_000_000);
    Some(match choice {
        "spin" => spin(),
        "spin-for" => spin_for(count),
        "grow" => grow(),
        "recurse" => fire(recurse(count).to_string()),
        "trap" => std::process::abort(),
        "panic" => panic!("the guest has panicked"),
        "garbage-payload" => fire(kwargs["text"].as_str().unwrap_or("{not json").to_owned()),
        "garbage-checkpoint" => Ok(Outcome {
            events: Vec::new(),
            checkpoint: Some(kwargs["text"].as_str().unwrap_or("{not json").to_owned()),
            next: Next::After(1),
        }),
        "huge-answer" => fire(format!("\"{}\"", "x".repeat(count as usize))),
        "many-events" => Ok(Outcome {
            events: (0..count).map(|_| event("1".to_owned())).collect(),
            checkpoint: None,
            next: Next::Finished,
        }),
        "log-flood" => {
            (0..count).for_each(|n| logging::log(logging::Level::Info, &format!("line {n}"), &[]));
            fire("null".to_owned())
        }
        "stdout-flood" => {
            (0..count).for_each(|n| println!("line {n}"));
            fire("null".to_owned())
        }
        "http-flood" => http_flood(count),
        "http-flood-at-once" => {
            let answers = http::send_all(&vec![request("https://jobs.example.com/v1"); count as usize]);
            fire(answers.iter().filter(|one| matches!(one, Err(http::Error::Budget(_)))).count().to_string())
        }
        _ => return None,
    })
}

#[allow(clippy::empty_loop, reason = "that is what it does")]
fn spin() -> ! {
    loop {
        black_box(());
    }
}

fn spin_for(count: u64) -> Result<Outcome, Error> {
    let mut sum = 0_u64;
    for n in 0..count {
        sum = black_box(sum.wrapping_add(n));
    }
    fire(sum.to_string())
}

fn grow() -> Result<Outcome, Error> {
    let mut all = Vec::new();
    loop {
        all.push(black_box(vec![1_u8; 1 << 20]));
    }
}

fn recurse(depth: u64) -> u64 {
    let block = black_box([depth; 64]);
    if depth == 0 { 0 } else { recurse(depth - 1) + block[0] - depth + 1 }
}

/// Counts the refusals; never stops because of one.
fn http_flood(count: u64) -> Result<Outcome, Error> {
    let refused = (0..count)
        .filter(|n| {
            let url = format!("https://jobs.example.com/v1/{n}?token=secret");
            matches!(http::send(&request(&url)), Err(http::Error::Budget(_)))
        })
        .count();
    fire(refused.to_string())
}
