//! Scenario files of docs/design/shared-streams.md#recorded-schedules, run through `stream-rules` in the `airflow`
//! profile.
//!
//! Owns the comparison. Invariants: every compared part of `expected` is compared, in every step; what is free in them
//! (the order of deliveries to different subscribers, of advances of different lanes) is put into one order on both
//! sides first.

mod record;
mod world;

use std::path::{Path, PathBuf};

use anyhow::Context;
use serde_json::{Value, json};

use record::{PARTS, normalise};
use world::World;

/// Runs every scenario of every file and prints one line per mismatch: file, case, expected, got. Returns how many
/// passed and failed.
///
/// # Errors
/// A file cannot be read, or is not a scenario file.
pub(crate) fn run(files: &[PathBuf]) -> anyhow::Result<(usize, usize)> {
    let (mut passed, mut failed) = (0, 0);
    for file in files {
        let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
        let document: Value = serde_json::from_str(&text).with_context(|| format!("{} is not JSON", file.display()))?;
        let scenarios = document["scenarios"].as_array();
        let scenarios = scenarios.with_context(|| format!("{} has no list `scenarios`", file.display()))?;
        for scenario in scenarios {
            let mismatches = check(scenario);
            for mismatch in &mismatches {
                print_mismatch(file, scenario, mismatch);
            }
            *if mismatches.is_empty() { &mut passed } else { &mut failed } += 1;
        }
    }
    Ok((passed, failed))
}

struct Mismatch {
    place: String,
    expected: Value,
    got: Value,
}

#[expect(clippy::print_stdout, reason = "the mismatches are what the program is for")]
fn print_mismatch(file: &Path, scenario: &Value, mismatch: &Mismatch) {
    let name = scenario["name"].as_str().unwrap_or("?");
    let Mismatch { place, expected, got } = mismatch;
    println!("{} {name} {place}: expected {expected}, got {got}", file.display());
}

/// The first step that differs, and the totals if none does.
fn check(scenario: &Value) -> Vec<Mismatch> {
    let mismatch = |place: String, expected: Value, got: Value| Mismatch { place, expected, got };
    let (Some(steps), Some(wanted)) = (scenario["steps"].as_array(), scenario["expected"]["steps"].as_array()) else {
        return vec![mismatch("scenario".into(), json!("lists `steps` and `expected.steps`"), Value::Null)];
    };
    let mut world = World::new(&scenario["setup"]);
    for (number, step) in steps.iter().enumerate() {
        let got = match world.step(step) {
            Ok(got) => got,
            Err(error) => return vec![mismatch(format!("step {number} {step}"), json!("a known step"), json!(error))],
        };
        let wanted = wanted.get(number).cloned().unwrap_or_default();
        let differs = |part: &&&str| normalise(part, &wanted[**part]) != normalise(part, &got[**part]);
        let different: Vec<Mismatch> = PARTS
            .iter()
            .filter(differs)
            .map(|part| mismatch(format!("step {number} {step} {part}"), wanted[*part].clone(), got[*part].clone()))
            .collect();
        if !different.is_empty() {
            return different;
        }
    }
    let (wanted, got) = (&scenario["expected"]["max_in_flight"], world.most_in_flight());
    if wanted.is_null() || *wanted == got {
        return Vec::new();
    }
    vec![mismatch("max_in_flight".into(), wanted.clone(), got)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fixture() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/shared_stream_random_A.json")
    }

    #[test]
    fn reproduces_every_recorded_schedule() {
        assert_eq!(run(&[fixture()]).expect("the fixture can be read"), (100, 0));
    }

    #[test]
    fn notices_a_difference() {
        let mut document: Value = serde_json::from_str(&std::fs::read_to_string(fixture()).unwrap()).unwrap();
        let scenario = &mut document["scenarios"][5];
        let steps = scenario["expected"]["steps"].as_array_mut().unwrap();
        let advance = steps.iter_mut().find(|step| step["advances"].is_array()).unwrap();
        advance["advances"][0]["items"][0][1] = json!(99);
        assert_eq!(check(scenario).len(), 1);
    }
}
