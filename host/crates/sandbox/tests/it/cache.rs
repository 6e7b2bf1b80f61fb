//! Compiling in a child process, and keeping what it made.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sandbox::{Allowed, Compiler, Config, Limits, LoadError, Poller, Sandbox};
use serde_json::json;

use crate::support::{Witness, call, config, hostile_wasm, poller};

fn child() -> Compiler {
    Compiler::Child { program: env!("CARGO_BIN_EXE_compile-component").into(), arguments: Vec::new() }
}

/// A compiler that fails: what loads with it came out of the cache.
fn no_compiler() -> Compiler {
    Compiler::Child { program: "/bin/false".into(), arguments: Vec::new() }
}

async fn load(folder: &Path, compiler: Compiler) -> Result<Poller, LoadError> {
    let config = Config { compiler, cache: Some(folder.to_owned()), ..config() };
    Sandbox::start(config).unwrap().load("hostile.wasm", hostile_wasm(), &Allowed::ALL).await.map(poller)
}

async fn assert_works(poller: &Poller) {
    let call = call(&json!({"do": "echo"}), Limits::default(), Arc::new(Witness::default()));
    assert!(poller.poll(call).await.result.is_ok());
}

fn compiled(folder: &Path) -> PathBuf {
    let mut files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files.find(|path| path.extension().is_some_and(|end| end == "native")).unwrap()
}

#[tokio::test]
async fn a_child_compiles_once_and_the_cache_serves_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    assert_works(&load(folder.path(), child()).await.unwrap()).await;
    assert_works(&load(folder.path(), no_compiler()).await.unwrap()).await;
}

#[tokio::test]
async fn what_was_changed_is_compiled_again() {
    let folder = tempfile::tempdir().unwrap();
    load(folder.path(), Compiler::InProcess).await.unwrap();
    let file = compiled(folder.path());
    let whole = fs::read(&file).unwrap();
    let mut changed = whole.clone();
    changed[whole.len() / 2] ^= 1;
    for bytes in [&changed[..], &whole[..whole.len() / 2], &whole[32..], b""] {
        fs::write(&file, bytes).unwrap();
        let error = load(folder.path(), no_compiler()).await.err().unwrap();
        assert!(matches!(error, LoadError::Compile { .. }), "{error}");
    }
    assert_works(&load(folder.path(), child()).await.unwrap()).await;
    assert_eq!(fs::read(&file).unwrap().len(), whole.len());
    assert_works(&load(folder.path(), no_compiler()).await.unwrap()).await;
}

#[tokio::test]
async fn a_folder_nobody_can_write_to_is_no_hindrance() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    assert_works(&load(&file.join("below"), Compiler::InProcess).await.unwrap()).await;
}

#[tokio::test]
async fn the_folder_and_its_files_are_private() {
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("cache");
    load(&cache, Compiler::InProcess).await.unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&cache), mode(&compiled(&cache))), (0o700, 0o600));
}

#[tokio::test]
async fn a_compiler_that_fails_is_an_error_that_says_how() {
    let run = |program: &str, argument: &str| {
        let arguments: Vec<OsString> = vec!["-c".into(), argument.into()];
        Config { compiler: Compiler::Child { program: program.into(), arguments }, ..config() }
    };
    for (program, argument, expected) in [
        ("/bin/sh", "echo no space >&2; exit 1", "`x.wasm` does not compile: no space"),
        ("/bin/sh", "exit 3", "`x.wasm` does not compile: the compiler ended with exit status: 3"),
        ("/bin/sh", "exit 0", "`x.wasm` does not compile: the compiler returned no code, or too much"),
        ("/bin/sh", "kill -ABRT $$", "`x.wasm` does not compile: the compiler ran out of its 4096 MiB of memory"),
        ("/nowhere", "", "cannot run the compiler for `x.wasm`"),
    ] {
        let sandbox = Sandbox::start(run(program, argument)).unwrap();
        let error = sandbox.load("x.wasm", hostile_wasm(), &Allowed::ALL).await.err().unwrap();
        assert_eq!(error.to_string(), expected);
    }
}

#[tokio::test]
async fn one_digest_shares_one_compilation() {
    let sandbox = Sandbox::start(config()).unwrap();
    let one = sandbox.load("one.wasm", hostile_wasm(), &Allowed::ALL).await.unwrap();
    let two = sandbox.load("two.wasm", hostile_wasm(), &Allowed::ALL).await.unwrap();
    assert_eq!((one.name(), two.name()), ("one.wasm", "two.wasm"));
    assert_eq!(one.digest(), two.digest());
    let refused = sandbox.load("three.wasm", hostile_wasm(), &Allowed::NONE).await;
    assert!(matches!(refused, Err(LoadError::Refused { .. })));
}
