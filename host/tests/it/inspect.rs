//! `inspect`.

use program::components::{core_module, empty_component, sample, samples};
use program::folder::Folder;

#[test]
fn says_what_a_component_is_wants_and_has() {
    let folder = samples();
    let ran = folder.run(&["inspect", "http_poll.wasm", "--catalog", "triggers.toml", "--output", "json"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
    let [of] = &ran.objects()[..] else { panic!("{}", ran.stdout) };
    assert_eq!(of["world"], "described-poll-trigger");
    assert_eq!(of["version"], "0.1.0");
    assert_eq!(of["needs"], serde_json::json!(["http"]));
    assert_eq!(of["size"], sample("http_poll").len());
    assert_eq!(of["kwargs_schema"]["type"], "object");
    assert_eq!(of["catalog"][0]["classpath"], "demo.HttpPoll");
    assert_eq!(of["catalog"][0]["http"][0], "http GET http://127.0.0.1:* all paths");
    let text = folder.run(&["inspect", "http_poll.wasm", "--catalog", "triggers.toml"]).stdout;
    for part in [
        "digest     sha256:",
        "needs      a grant of `http`",
        "summary    ",
        "demo.HttpPoll (line 5, not pinned to these bytes)",
        "memory 64MiB, cpu-per-poll 250ms",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn refuses_what_the_host_refuses() {
    let folder =
        Folder::with("text.wasm", "(component)").and("core.wasm", core_module()).and("other.wasm", empty_component());
    let said: Vec<String> = ["text.wasm", "core.wasm", "other.wasm", "missing.wasm"]
        .map(|name| folder.run(&["inspect", name]).said())
        .into();
    insta::assert_snapshot!(said.join("\n"));
}

#[test]
fn a_grant_that_the_catalog_lacks_is_refused_in_the_words_of_the_host() {
    let folder =
        Folder::with("triggers.toml", "[[trigger]]\nclasspath = \"demo.HttpPoll\"\ncomponent = \"http_poll.wasm\"\n")
            .and("http_poll.wasm", sample("http_poll"));
    let inspected = folder.run(&["inspect", "http_poll.wasm", "--catalog", "triggers.toml"]);
    assert_eq!(inspected.code, Some(2));
    let words = inspected.stderr.trim().strip_prefix("error: ").unwrap().to_owned();
    let dev = folder.run(&["dev", "--until-idle"]);
    assert_eq!(dev.code, Some(2));
    assert!(dev.stderr.contains(&words), "{words}\n{}", dev.stderr);
}
