//! Vectors of kwargs, payloads and BaseSerialization values through the codecs. The kind of a vector shows in its keys.

mod meaning;
mod vector;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use encodings::json::{Document, Limits, View};

use self::vector::Vector;

/// Files of vectors may hold what strict JSON does not.
const LIMITS: Limits = Limits { depth: 100_000, bytes: 1 << 30, bare_words: true };
/// Meanings are compared recursively, and the deepest value read has 10,000 levels.
const STACK: usize = 512 * 1024 * 1024;

/// How many vectors passed and failed; a line for each that failed goes to `report`.
///
/// # Errors
/// A file that cannot be read or holds no vectors.
pub fn run(files: &[PathBuf], report: impl FnMut(String) + Send) -> anyhow::Result<(u64, u64)> {
    std::thread::scope(|scope| {
        let worker = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, || run_all(files, report))?;
        worker.join().map_err(|_| anyhow!("a check panicked"))?
    })
}

fn run_all(files: &[PathBuf], mut report: impl FnMut(String)) -> anyhow::Result<(u64, u64)> {
    let (mut passed, mut failed) = (0, 0);
    for file in files {
        for (name, outcome) in run_file(file)? {
            match outcome {
                Ok(()) => passed += 1,
                Err(mismatch) => {
                    failed += 1;
                    report(format!("{}: {name}: {mismatch}", file.display()));
                }
            }
        }
    }
    Ok((passed, failed))
}

fn run_file(file: &Path) -> anyhow::Result<Vec<(String, Result<(), String>)>> {
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let document = Document::read(&text, LIMITS).with_context(|| format!("{} is not JSON", file.display()))?;
    let vectors = match document.view(document.root()) {
        View::Object(entries) => document.get(entries, "vectors").map(|vectors| document.view(vectors)),
        _ => None,
    };
    let Some(View::List(vectors)) = vectors else {
        return Err(anyhow!("{} has no list of `vectors`", file.display()));
    };
    let check = |(at, id): (usize, &_)| match Vector::new(&document, *id) {
        Some(vector) => (vector.name(at), vector.check()),
        None => (format!("number {at}"), Err("expected an object".to_owned())),
    };
    Ok(vectors.iter().enumerate().map(check).collect())
}
