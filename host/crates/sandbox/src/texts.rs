//! The texts of errors that only this package can see, on the pages `answers` and `limits` of `tests/texts`.

use std::time::Duration;

use texts::{Section, check, examples};
use trigger_host_types::{Event, EventKind, Xcom};

use crate::answer::{check_advanced, check_description, check_outcome, check_read_batch, check_stream, check_verdicts};
use crate::call::{
    Advanced, Demand, Description, EndReason, Limits, Message, Next, Outcome, ReadBatch, Stream, Test, Verdict, Wanted,
};
use crate::limiter::{MemoryExceeded, TableExceeded};
use crate::meter::CpuExceeded;
use crate::state::budget::HostCallsExceeded;
use crate::trap::explain;

#[test]
fn texts_of_limits() {
    let (limit, used) = (Duration::from_millis(100), Duration::from_millis(102));
    let memory = MemoryExceeded { limit: 64 << 20, asked: 65 << 20 };
    let table = || TableExceeded { limit: 10_000, asked: 10_001 };
    let sections = [
        examples("sandbox::MemoryExceeded", [("any", memory)]),
        examples("sandbox::TableExceeded", [("any", table())]),
        examples("sandbox::CpuExceeded", [("any", CpuExceeded { limit, used })]),
        examples("sandbox::HostCallsExceeded", [("any", HostCallsExceeded { limit: 16, used: 65 })]),
        Section::new(
            "how a call ends in the engine",
            [
                ("a table that is too large", explain(&table().into())),
                ("exit", explain(&wasmtime_wasi::I32Exit(1).into())),
                ("a panic", explain(&wasmtime::Trap::UnreachableCodeReached.into())),
                ("endless recursion", explain(&wasmtime::Trap::StackOverflow.into())),
                ("too many handles", explain(&wasmtime::component::ResourceTableError::Full.into())),
                ("a division by zero", explain(&wasmtime::Trap::IntegerDivisionByZero.into())),
            ],
        ),
    ];
    check("limits", &sections);
}

fn limits() -> Limits {
    Limits { events: 2, answer_bytes: 20, ..Limits::default() }
}

fn event(payload: &str) -> Event {
    Event { payload: payload.into(), kind: EventKind::Fire }
}

/// An event that ends its task, with XComs.
fn skipped(xcoms: &[(&str, &str)]) -> Event {
    let xcoms = xcoms.iter().map(|(key, value)| Xcom { key: (*key).into(), value: (*value).into() });
    Event { payload: "1".into(), kind: EventKind::TaskSkipped(xcoms.collect()) }
}

fn outcome(events: Vec<Event>, checkpoint: Option<&str>) -> EndReason {
    let outcome = Outcome { events, checkpoint: checkpoint.map(Into::into), next: Next::Finished };
    check_outcome(outcome, &limits()).unwrap_err()
}

fn description(schema: &str) -> EndReason {
    let description = Description { summary: "Waits.".into(), kwargs_schema: schema.into() };
    check_description(description, &limits()).unwrap_err()
}

fn stream(source: &str, key: &str, wanted: Vec<Wanted>) -> EndReason {
    let stream = Stream { source: source.into(), key: key.into(), parameters: "1".into(), wanted };
    check_stream(stream, &limits()).unwrap_err()
}

fn condition(values: Vec<String>) -> Wanted {
    Wanted { pointer: "/a".into(), test: Test::OneOf(values) }
}

fn verdicts(given: Vec<Verdict>) -> EndReason {
    check_verdicts(given, 1, &limits()).unwrap_err()
}

fn batch(data: &[&'static str], cursor: Option<&str>) -> EndReason {
    let message = |data: &&'static str| Message { data: (*data).into(), receipt: "".into(), lane: "".into() };
    let messages = data.iter().map(message).collect();
    let batch = ReadBatch { messages, cursor: cursor.map(Into::into), hold_ms: None };
    check_read_batch(batch, Demand { most: 1, wait_ms: 0 }, &limits()).unwrap_err()
}

#[test]
fn texts_of_answers() {
    let long = "1".repeat(30);
    let outcomes = [
        ("too many events", outcome(vec![event("1"), event("2"), event("3")], None)),
        ("too many XComs", outcome(vec![skipped(&[("a", "1"), ("b", "1"), ("c", "1")])], None)),
        ("too many bytes", outcome(vec![event(&long)], None)),
        ("a payload that is not JSON", outcome(vec![event("{")], None)),
        ("a checkpoint that is not JSON", outcome(vec![], Some("nul"))),
        ("an XCom without a key", outcome(vec![skipped(&[("", "1")])], None)),
        ("an XCom that is not JSON", outcome(vec![skipped(&[("a", "")])], None)),
    ];
    let descriptions = [("too many bytes", description(&long)), ("a schema that is not JSON", description(r#"{"a"}"#))];
    let streams = [
        ("a source without a name", stream("", "1", vec![])),
        ("too many conditions", stream("a", "1", vec![condition(vec![]); 257])),
        ("too many bytes", stream("a", &long, vec![])),
        ("a key that is not JSON", stream("a", "k", vec![])),
        ("a condition with too many values", stream("a", "1", vec![condition(vec![String::new(); 257])])),
        ("a value that is not JSON", stream("a", "1", vec![condition(vec!["x".into()])])),
    ];
    let verdicts = [
        ("too many", verdicts(vec![Verdict::Skip, Verdict::Skip])),
        ("too many events", verdicts(vec![Verdict::Emit(vec![event("1"); 3])])),
        ("too many bytes", verdicts(vec![Verdict::Emit(vec![event(&long)])])),
    ];
    let batches = [
        ("too many messages", batch(&["a", "b"], None)),
        ("too many bytes", batch(&["a message that is too long"], None)),
        ("a cursor that is not JSON", batch(&[], Some("c"))),
    ];
    let advanced = [(
        "a message that is not in the batch",
        check_advanced(Advanced::Except(vec![(3, "no".into())]), 3).unwrap_err(),
    )];
    check(
        "answers",
        &[
            Section::new("outcomes", outcomes),
            Section::new("descriptions", descriptions),
            Section::new("streams", streams),
            Section::new("verdicts", verdicts),
            Section::new("batches of a producer", batches),
            Section::new("what a producer has advanced past", advanced),
        ],
    );
}
