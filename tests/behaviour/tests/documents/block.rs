//! A fenced block of a page, and what the built host says to it.

use std::fs;
use std::path::PathBuf;

use crate::{command, target};

/// One block.
pub(crate) struct Block {
    pub(crate) page: String,
    pub(crate) line: usize,
    pub(crate) language: String,
    pub(crate) text: String,
}

/// All blocks of a page.
pub(crate) fn read(page: &str, text: &str) -> Vec<Block> {
    let (mut blocks, mut open): (Vec<Block>, Option<Block>) = (Vec::new(), None);
    for (line, content) in (1..).zip(text.lines()) {
        match (content.trim_start().strip_prefix("```"), &mut open) {
            (Some(language), None) => {
                let (page, language) = (page.to_owned(), language.trim().to_owned());
                open = Some(Block { page, line, language, text: String::new() });
            }
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (None, Some(block)) => {
                block.text.push_str(content);
                block.text.push('\n');
            }
            (None, None) => {}
        }
    }
    blocks
}

/// Every component that was built for tests.
pub(crate) fn components() -> Vec<PathBuf> {
    let folder = target().join("guests/wasm32-wasip2/guest");
    let files = fs::read_dir(&folder).expect("run `cargo xtask guests` first");
    files.map(|file| file.unwrap().path()).filter(|path| path.extension().is_some_and(|end| end == "wasm")).collect()
}

impl Block {
    fn has_table(&self, beginnings: &[&str]) -> bool {
        self.text.lines().any(|line| beginnings.iter().any(|beginning| line.starts_with(beginning)))
    }

    pub(crate) fn is_catalog(&self) -> bool {
        self.has_table(&["[[trigger]]", "[trigger.", "[sources."])
    }

    pub(crate) fn is_settings(&self) -> bool {
        self.has_table(&["[api]", "[host]", "[logs]", "[sandbox]", "[admin]"])
    }

    /// Lines with a prompt, or all lines of a script; without comments.
    pub(crate) fn commands(&self) -> Vec<String> {
        let lines = self.text.lines().filter_map(|line| match self.language.as_str() {
            "sh" => Some(line),
            _ => line.strip_prefix("$ "),
        });
        let bare = lines.map(|line| line.split(" #").next().unwrap_or_default().trim().to_owned());
        bare.filter(|line| !line.is_empty()).collect()
    }

    /// Locks the catalog and checks it. Components that do not exist are stood in for by one that imports the same; a
    /// fragment of an entry gets the rest of one.
    pub(crate) fn check_catalog(&self) -> Result<(), String> {
        let folder = tempfile::tempdir().unwrap();
        let mut text: String =
            self.text.lines().filter(|line| !line.starts_with("digest")).map(|line| format!("{line}\n")).collect();
        if !self.has_table(&["[[trigger]]", "[sources."]) {
            // A component that asks for everything, so that every grant is needed.
            let http = "[[trigger.grants.http]]\norigin = \"https://a.example\"\nmethods = [\"GET\"]\n";
            text = format!("[[trigger]]\nclasspath = \"a\"\ncomponent = \"components/asker.wasm\"\n\n{text}\n{http}");
        }
        fs::create_dir(folder.path().join("components")).unwrap();
        let built = components();
        let file = |name: &str| built.iter().find(|path| path.file_name().is_some_and(|file| file == name));
        for name in text.split("components/").skip(1).filter_map(|rest| rest.split('"').next()) {
            let stand_in = if self.has_table(&["[sources."]) { "sqs.wasm" } else { "date_time.wasm" };
            let component = file(name).or_else(|| file(stand_in)).expect("run `cargo xtask guests` first");
            fs::copy(component, folder.path().join("components").join(name)).unwrap();
        }
        fs::write(folder.path().join("triggers.toml"), &text).unwrap();
        let (_, locked) = command::host(folder.path(), &["catalog", "lock", "--catalog", "triggers.toml"]);
        let (is_well, checked) = command::host(folder.path(), &["catalog", "check", "--catalog", "triggers.toml"]);
        // The host of tests is built without Kafka, and says that this is all that is wrong.
        let lacks_kafka = self.text.contains("\"kafka\"") && checked.contains("--features kafka");
        if is_well || lacks_kafka && checked.lines().count() == 1 { Ok(()) } else { Err(format!("{locked}{checked}")) }
    }

    /// Checks settings; files that they name are there, and what a whole file needs beside them is added.
    pub(crate) fn check_settings(&self) -> Result<(), String> {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().to_string_lossy().into_owned();
        fs::write(folder.path().join("token"), "t").unwrap();
        fs::write(folder.path().join("airflow-api-secret-key"), "s".repeat(64)).unwrap();
        fs::write(folder.path().join("triggers.toml"), "").unwrap();
        let mut text = self.text.replace("/opt/airflow/logs", &place).replace("/run/secrets", &place);
        if !text.contains("[api]") {
            text.push_str("[api]\nurl = \"http://127.0.0.1:1/\"\ntoken-file = \"token\"\n");
        }
        fs::write(folder.path().join("trigger-host.toml"), text).unwrap();
        let (is_well, checked) = command::host(folder.path(), &["config", "check"]);
        if is_well { Ok(()) } else { Err(checked) }
    }
}
