//! How problems with a file or the environment are listed. What they are is on the pages `config` and `catalog`.

use std::path::Path;

use settings::{Problem, Problems};
use texts::{check, examples};

#[test]
fn texts() {
    let mut problems = Problems::default();
    let file = Path::new("triggers.toml");
    let pinned = Problem {
        line: Some(3),
        subject: Some("a.B".into()),
        key: Some("digest".into()),
        ..Problem::file(file, "missing")
    };
    problems.warning(pinned.clone());
    problems.error(Problem::file(file, "cannot read this file"));
    problems.error(Problem::key("TRIGGER_HOST__HOST__CAPCITY", "unknown key; did you mean `capacity`?"));
    problems.error(Problem { file: None, line: None, ..pinned });
    check("settings", &[examples("settings::Problems", [("warnings and errors", problems)])]);
}
