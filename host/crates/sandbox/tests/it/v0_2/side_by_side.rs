//! Two versions of the interface in one sandbox.

use std::sync::Arc;
use std::time::Duration;

use sandbox::{Allowed, Config, EndReason, GuestError, Limits, LoadError, Next, Poller, Sandbox, Versions};
use serde_json::json;

use super::Room;
use crate::support::{NOW, Witness, call, config, hostile_wasm, payload, poller};

/// The product's sandbox, and one line more.
fn both() -> Sandbox {
    Sandbox::start(Config { versions: Versions::default().with(&Room), ..config() }).unwrap()
}

fn next_wasm() -> Vec<u8> {
    std::fs::read(guest_build::component("next_version")).unwrap()
}

async fn load(sandbox: &Sandbox, wasm: &[u8]) -> Poller {
    poller(sandbox.load("x.wasm", wasm, &Allowed::ALL).await.unwrap())
}

async fn refusal(sandbox: &Sandbox, wasm: &[u8], allowed: &Allowed) -> LoadError {
    sandbox.load("x.wasm", wasm, allowed).await.err().unwrap()
}

#[tokio::test]
async fn one_sandbox_runs_a_component_of_each_version() {
    let sandbox = both();
    let (first, second) = (load(&sandbox, hostile_wasm()).await, load(&sandbox, &next_wasm()).await);
    let url = "https://h.example/a";
    for _ in 0..3 {
        let seen = first.poll(call(&json!({"do": "echo"}), Limits::default(), Arc::new(Witness::default()))).await;
        assert_eq!(payload(seen)["now"], NOW);
        let witness = Arc::new(Witness::default());
        let ended = second.poll(call(&json!(url), Limits::default(), witness.clone())).await;
        assert_eq!(ended.used.last_host_calls, ["http.send GET https://h.example: 200"]);
        assert_eq!(ended.result.as_ref().unwrap().next, Next::After(Duration::from_secs(1)));
        assert_eq!(payload(ended), json!({"trigger_id": 7, "called_at": NOW, "body": url}));
        assert_eq!(witness.lines.lock()[0].message, format!("polled with \"{url}\""));
    }
}

#[tokio::test]
async fn what_the_sandbox_holds_holds_for_every_version() {
    let sandbox = both();
    let second = load(&sandbox, &next_wasm()).await;
    let poll = async |kwargs: &str, limits: Limits| {
        second.poll(call(&json!(kwargs), limits, Arc::new(Witness::default()))).await
    };
    let trapped = poll("trap", Limits::default()).await.result.unwrap_err();
    assert!(matches!(trapped, EndReason::Trap { .. }), "{trapped}");
    let failed = poll("fail", Limits::default()).await.result.unwrap_err();
    assert_eq!(failed, EndReason::Guest(GuestError::Other("the job\\nfailed".into())));
    let url = "https://h.example/a";
    let flood = poll(url, Limits { host_calls: 0, ..Limits::default() }).await.result.unwrap_err();
    assert_eq!(flood, EndReason::HostCalls { limit: 0, used: 1 });
    let small = poll(url, Limits { answer_bytes: 10, ..Limits::default() }).await.result.unwrap_err();
    assert!(matches!(small, EndReason::BadAnswer { .. }), "{small}");
    let not_granted = refusal(&sandbox, &next_wasm(), &Allowed::NONE).await;
    assert_eq!(
        not_granted.to_string(),
        "`x.wasm` is refused: it imports `trigger-host:host/http@0.2.0`, which is not granted: add `[trigger.grants] http = [...]`"
    );
}

#[tokio::test]
async fn a_version_that_is_not_known_is_refused_with_those_that_are() {
    let product = Sandbox::start(config()).unwrap();
    assert_eq!(
        refusal(&product, &next_wasm(), &Allowed::ALL).await.to_string(),
        "`x.wasm` is built for `trigger-host:trigger` 0.2.0, but this host supports 0.1: build it for a supported version, or use a newer host"
    );
    let later = r#"(component (instance $i) (export "trigger-host:trigger/poller@0.3.0" (instance $i)))"#;
    assert_eq!(
        refusal(&both(), &wat::parse_str(later).unwrap(), &Allowed::ALL).await.to_string(),
        "`x.wasm` is built for `trigger-host:trigger` 0.3.0, but this host supports 0.1 and 0.2: build it for a supported version, or use a newer host"
    );
    let import = r#"(component (import "trigger-host:host/http@0.3.0" (instance)) (instance $i)
        (export "trigger-host:trigger/poller@0.1.0" (instance $i)))"#;
    assert_eq!(
        refusal(&both(), &wat::parse_str(import).unwrap(), &Allowed::ALL).await.to_string(),
        "`x.wasm` is refused: it imports `trigger-host:host/http@0.3.0`: this host supports only 0.1 and 0.2"
    );
    // Of a version that is known, what only another one has.
    let import = r#"(component (import "trigger-host:host/xcoms@0.2.0" (instance)) (instance $i)
        (export "trigger-host:trigger/poller@0.2.0" (instance $i)))"#;
    let refused = refusal(&both(), &wat::parse_str(import).unwrap(), &Allowed::ALL).await.to_string();
    assert!(refused.ends_with("this host does not offer it"), "{refused}");
}
