//! The gate: each bad file its own clear reason, and refusals as full lists.

use sandbox::{Allowed, Interface, Kind, LoadError, Sandbox, World, inspect};

use crate::support::{config, hostile_wasm};

const POLLER: &str = r#"(instance $nothing) (export "trigger-host:trigger/poller@0.1.0" (instance $nothing))"#;

fn wasm(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap()
}

async fn refusal(wasm: &[u8], allowed: &Allowed) -> LoadError {
    let sandbox = Sandbox::start(config()).unwrap();
    sandbox.load("x.wasm", wasm, allowed).await.err().unwrap()
}

async fn told(wasm: &[u8]) -> String {
    let told = refusal(wasm, &Allowed::ALL).await.to_string();
    assert!(told.starts_with("`x.wasm` ") || told.contains(" `x.wasm` "), "{told}");
    told
}

#[test]
fn tells_what_a_component_is() {
    let found = inspect(hostile_wasm()).unwrap();
    assert_eq!((found.world, found.version.as_str()), (World { kind: Kind::Poller, is_described: true }, "0.1.0"));
    let wants: Vec<_> = found.wants.iter().map(|wanted| wanted.interface).collect();
    assert_eq!(wants, [Interface::Logging, Interface::Http]);
    assert_eq!(found.refused, [""; 0]);
    assert_eq!(found.size, hostile_wasm().len() as u64);
    assert!(found.exports.iter().any(|export| export == "trigger-host:trigger/poller@0.1.0"));
    assert!(found.imports.iter().any(|import| import.starts_with("wasi:cli/stdout@0.2.")));
}

#[tokio::test]
async fn each_bad_file_has_its_own_reason() {
    assert!(told(b"").await.contains("is not WebAssembly"));
    assert!(told(b"#!/bin/sh\n").await.contains("is not WebAssembly: it begins with `#!/b`"));
    assert!(told(b"\0as").await.contains("cut short"));
    assert!(told(&wasm("(module)")).await.contains("is a core WebAssembly module"));
    assert!(told(&wasm("(component)")).await.contains("but it exports nothing"));
    let other = wasm(r#"(component (instance $i) (export "wasi:cli/run@0.2.0" (instance $i)))"#);
    assert!(told(&other).await.contains("but it exports `wasi:cli/run@0.2.0`"));
    let empty = wasm(&format!("(component {POLLER})"));
    let told = told(&empty).await;
    assert!(told.contains("does not fit") && told.contains("poller@0.1.0#poll"), "{told}");
}

#[test]
fn a_file_cut_anywhere_is_cut_short_or_refused() {
    let whole = hostile_wasm();
    let mut cut_short = 0;
    for end in (1..whole.len()).step_by(997) {
        match inspect(&whole[..end]) {
            Err(LoadError::Truncated { size, .. }) => {
                assert_eq!(size, end as u64);
                cut_short += 1;
            }
            Err(_) => {}
            Ok(_) => panic!("{end} bytes pass"),
        }
    }
    assert!(cut_short > 100, "{cut_short}");
}

#[test]
fn a_changed_byte_never_panics() {
    let whole = hostile_wasm();
    for at in (0..whole.len()).step_by(1_499) {
        let mut changed = whole.to_vec();
        changed[at] = changed[at].wrapping_add(1);
        let _ = inspect(&changed);
    }
}

#[test]
fn depth_and_number_are_bounded() {
    let nested = format!("(component {}{})", "(component ".repeat(20), ")".repeat(20));
    assert!(matches!(inspect(&wasm(&nested)), Err(LoadError::TooMany { .. })));
    let many = format!("(component {})", "(core module)".repeat(300));
    assert!(matches!(inspect(&wasm(&many)), Err(LoadError::TooMany { .. })));
    let large = [&wasm("(component)")[..], &vec![0; 65 << 20]].concat();
    assert!(matches!(inspect(&large), Err(LoadError::TooLarge { .. })));
}

#[tokio::test]
async fn refuses_with_the_full_list() {
    let imports = [
        "wasi:sockets/tcp@0.2.0",
        "wasi:http/outgoing-handler@0.2.0",
        "other:thing/x@1.0.0",
        "wasi:io/poll@0.3.0",
        "trigger-host:host/hitl@0.1.0",
    ];
    let words: String = imports.iter().map(|import| format!("(import \"{import}\" (instance))")).collect();
    let told = told(&wasm(&format!("(component {words} {POLLER})"))).await;
    for import in imports {
        assert!(told.contains(&format!("`{import}`")), "{import} is missing in: {told}");
    }
    assert!(told.contains("[trigger.grants] http = [...]"), "{told}");
}

#[tokio::test]
async fn what_is_not_granted_names_its_grant() {
    let error = refusal(hostile_wasm(), &Allowed::NONE).await;
    assert_eq!(
        error.to_string(),
        "`x.wasm` is refused: it imports `trigger-host:host/http@0.1.0`, which is not granted: add `[trigger.grants] http = [...]`"
    );
}

#[tokio::test]
async fn features_that_are_off_are_refused() {
    let threads = "(core module (memory 1 2 shared))";
    let memory64 = "(core module (memory i64 1))";
    let two_memories = "(core module (memory 1) (memory 1))";
    for module in [threads, memory64, two_memories] {
        let told = told(&wasm(&format!("(component {module} {POLLER})"))).await;
        assert!(told.contains("is not a valid component"), "{told}");
    }
}
