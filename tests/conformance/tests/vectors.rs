//! The recorded vectors of Airflow 3.3.2 through the same code as `conformance encodings`.

use std::path::PathBuf;

fn fixture(name: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures")).join(name)
}

#[test]
fn every_recorded_vector_passes() {
    for (name, count) in [("trigger_kwargs.json", 46), ("serde_payloads.json", 103), ("base_serialization.json", 22)] {
        let mut lines = Vec::new();
        let (passed, failed) = conformance::encodings::run(&[fixture(name)], |line| lines.push(line)).unwrap();
        assert_eq!((passed, failed), (count, 0), "{lines:#?}");
    }
}

/// A check that cannot fail is none: vectors with a wrong expectation.
#[test]
fn wrong_vectors_fail() {
    let mut lines = Vec::new();
    let (passed, failed) =
        conformance::encodings::run(&[fixture("wrong_vectors.json")], |line| lines.push(line)).unwrap();
    assert_eq!(passed, 0, "of these, none may pass");
    assert_eq!(failed, 9, "{lines:#?}");
    assert!(lines[0].contains("other_text: expected"), "{}", lines[0]);
}

#[test]
fn a_file_without_vectors_is_an_error() {
    let error = conformance::encodings::run(&[fixture("missing.json")], |_| {}).unwrap_err();
    assert!(error.to_string().contains("missing.json"), "{error}");
}
