//! What the documents show works: every catalog is checked by the built host, every command is parsed by the real
//! command line or run, JSON and TOML are read. A block that nothing can check is marked `text`; one without a mark
//! fails.
//!
//! `cargo xtask test` builds the programs and the components that this needs.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod block;
mod command;

use std::fs;
use std::path::{Path, PathBuf};

use block::Block;

/// Pages outside of `docs`.
const PAGES: [&str; 6] = [
    "README.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "findings/README.md",
    "host/airflow-plugin/README.md",
    "wit/README.md",
];
/// Pages whose Rust is tested with the SDK, as its documentation.
const GUIDES: [&str; 2] = ["docs/writing-a-trigger.md", "docs/writing-a-stream.md"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// Where cargo builds to.
fn target() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().to_owned()
}

fn pages(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if entry.file_type().unwrap().is_dir() {
            pages(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "md") {
            found.push(path);
        }
    }
}

/// Every block of every page.
fn blocks() -> Vec<Block> {
    let root = root();
    let mut found: Vec<_> = PAGES.iter().map(|page| root.join(page)).collect();
    pages(&root.join("docs"), &mut found);
    let read = |page: &PathBuf| {
        let name = page.strip_prefix(&root).unwrap().to_string_lossy().into_owned();
        block::read(&name, &fs::read_to_string(page).unwrap())
    };
    found.iter().flat_map(read).collect()
}

/// Runs `check` on the blocks it is for and reports all that fail.
fn check(least: usize, is_for: impl Fn(&Block) -> bool, check: impl Fn(&Block) -> Result<(), String>) {
    let blocks: Vec<_> = blocks().into_iter().filter(is_for).collect();
    assert!(blocks.len() >= least, "only {} blocks were found", blocks.len());
    let wrong: Vec<_> = blocks
        .iter()
        .filter_map(|block| check(block).err().map(|why| format!("{}:{}: {why}", block.page, block.line)))
        .collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn every_block_has_a_language_that_is_checked() {
    check(
        40,
        |_| true,
        |block| match block.language.as_str() {
            "console" | "json" | "python" | "sh" | "text" | "toml" => Ok(()),
            "rust" | "rust,ignore" if GUIDES.contains(&block.page.as_str()) => Ok(()),
            other => Err(format!("nothing checks `{other}` here: mark the block `text`")),
        },
    );
}

#[test]
fn every_catalog_passes_the_check() {
    check(9, |block| block.language == "toml" && block.is_catalog(), Block::check_catalog);
}

#[test]
fn every_other_toml_and_json_is_read() {
    let is_for = |block: &Block| block.language == "json" || (block.language == "toml" && !block.is_catalog());
    check(8, is_for, |block| match block.language.as_str() {
        "json" => serde_json::from_str::<serde_json::Value>(&block.text).map(drop).map_err(|why| why.to_string()),
        _ if block.is_settings() => block.check_settings(),
        _ => toml::from_str::<toml::Table>(&block.text).map(drop).map_err(|why| why.to_string()),
    });
}

#[test]
fn every_command_is_one() {
    check(
        8,
        |block| matches!(block.language.as_str(), "console" | "sh"),
        |block| block.commands().iter().try_for_each(|line| command::check(line)),
    );
}

#[test]
fn a_command_that_is_none_is_seen() {
    for line in [
        "trigger-host run --catalogue x",
        "trigger-host runs",
        "cargo xtask gusts",
        "cargo xtask docs --chek",
        "trigger-hots run",
    ] {
        assert!(command::check(line).is_err(), "{line}");
    }
    assert_eq!(command::check("cargo xtask test -p broker"), Ok(()));
}

#[test]
fn a_catalog_that_is_wrong_is_seen() {
    let wrong = "[[trigger]]\nclasspath = \"a\"\ncomponent = \"components/http_poll.wasm\"\n";
    let block = Block { page: "p".into(), line: 1, language: "toml".into(), text: wrong.into() };
    assert!(block.check_catalog().unwrap_err().contains("not granted"));
}

#[test]
fn the_first_try_of_the_index_runs() {
    let block =
        blocks().into_iter().find(|block| block.page == "docs/README.md" && block.language == "console").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (begin, end) = (block.text.find("<<'END'\n").unwrap() + 8, block.text.find("\nEND").unwrap());
    fs::write(folder.path().join("wait.json"), &block.text[begin..end]).unwrap();
    let samples = folder.path().join("sample-triggers");
    fs::create_dir_all(samples.join("components")).unwrap();
    fs::copy(root().join("sample-triggers/triggers.toml"), samples.join("triggers.toml")).unwrap();
    for component in block::components() {
        fs::copy(&component, samples.join("components").join(component.file_name().unwrap())).unwrap();
    }
    let commands = block.commands();
    let line = commands.iter().find(|line| line.contains("-- dev")).unwrap();
    let arguments: Vec<_> = line.split_once("-- ").unwrap().1.split_whitespace().collect();
    let (is_well, output) = command::host(folder.path(), &arguments);
    assert!(is_well && output.contains("demo.Wait"), "{output}");
}
