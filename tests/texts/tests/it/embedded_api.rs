//! Why the embedded API does not start, and what is wrong with triggers that are to be deferred.

use embedded_api::{Defer, DeferError, OpenError, StoreError};
use texts::{Section, check, every};
use trigger_host_types::TriggerId;

fn refused() -> rusqlite::Error {
    rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_FULL), Some("disk full".into()))
}

#[test]
fn texts() {
    let open = every!(embedded_api::OpenError {
        OpenError::NoFolder(_) => OpenError::NoFolder("no/where".into()),
        OpenError::NotSqlite(_) => OpenError::NotSqlite("notes.txt".into()),
        OpenError::Foreign(_) => OpenError::Foreign("history.db".into()),
        OpenError::Version { .. } => OpenError::Version { path: "airflow.db".into(), found: 9, expected: 3 },
        OpenError::Sqlite { .. } => OpenError::Sqlite { path: "airflow.db".into(), source: refused() },
        OpenError::Thread(_) => OpenError::Thread(std::io::Error::other("no thread is left")),
    });
    let store = every!(embedded_api::StoreError {
        StoreError::Sqlite(_) => StoreError::Sqlite(refused()),
        StoreError::Lost(_) => StoreError::Lost("disk full".into()),
        StoreError::Closed => StoreError::Closed,
    });
    let list = |text: &str| Defer::list(text).unwrap_err();
    let defer = every!(embedded_api::DeferError {
        DeferError::NotAList(_) => list("{}"),
        DeferError::Malformed { .. } => list("[{}]"),
        DeferError::AlreadyDeferred { .. } =>
            DeferError::AlreadyDeferred { position: 2, task: "d, r, t".into(), holder: TriggerId(7) },
        DeferError::Store(_) => DeferError::Store(StoreError::Closed),
    });
    let malformed = [
        "7",
        r#"[{"classpath": 7}]"#,
        r#"[{"classpath": "a.B", "queu": "x"}]"#,
        r#"[{"classpath": "a.B", "kwargs": [1]}]"#,
        r#"[{"classpath": "a.B", "kwargs": {}, "encrypted_kwargs": "x"}]"#,
        r#"[{"classpath": "a.B", "kind": "asset", "timeout_after": 5}]"#,
        r#"[{"classpath": "a.B", "timeout_after": "tomorrow"}]"#,
        r#"[{"callback": {"path": "a.f"}, "kwargs": {}}]"#,
    ];
    let malformed = malformed.map(|text| (text, list(text)));
    check("embedded-api", &[open, store, defer, Section::new("triggers that cannot be deferred", malformed)]);
}
