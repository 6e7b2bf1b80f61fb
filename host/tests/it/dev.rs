//! `dev`.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use program::components::{sample, samples};
use program::folder::Folder;

fn defer(kwargs: &Value) -> String {
    json!([{"classpath": "demo.Wait", "kwargs": kwargs}]).to_string()
}

fn events(objects: &[Value]) -> Vec<&str> {
    objects.iter().filter_map(|object| object["event"].as_str()).collect()
}

#[test]
fn a_trigger_fires_and_the_run_ends() {
    let folder = samples().and("defer.json", defer(&json!({"delta": 0})));
    let ran = folder.run(&["dev", "--defer", "defer.json", "--until-idle", "--output", "json"]);
    assert_eq!(ran.code, Some(0), "{}", ran.said());
    let objects = ran.objects();
    assert_eq!(events(&objects), ["deferred", "claimed", "polled", "fired", "finished"], "{}", ran.said());
    for object in &objects {
        assert_eq!(object["classpath"], "demo.Wait");
        assert!(object["trigger_id"].is_i64() && object["at_ms"].is_u64());
    }
    assert!(objects[3]["payload"]["$datetime"].is_string(), "{}", objects[3]);
}

#[test]
fn six_virtual_hours_pass_at_once() {
    let folder = samples().and("defer.json", defer(&json!({"delta": 6 * 3600})));
    // The component is compiled before the time is taken.
    folder.run(&["dev", "--until-idle"]);
    let began = Instant::now();
    let ran = folder.run(&["dev", "--defer", "defer.json", "--until-idle", "--virtual-time", "--output", "json"]);
    assert_eq!(ran.code, Some(0), "{}", ran.said());
    let fired = ran.objects().into_iter().find(|object| object["event"] == "fired").unwrap();
    assert_eq!(fired["elapsed_ms"].as_u64().unwrap() / 60_000, 360, "{fired}");
    assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
}

#[test]
fn a_trigger_that_fails_is_exit_1_and_named() {
    let folder = samples().and("defer.json", defer(&json!({"delta": "soon"})));
    let ran = folder.run(&["dev", "--defer", "defer.json", "--until-idle"]);
    assert_eq!(ran.code, Some(1), "{}", ran.said());
    let summary: Vec<&str> = ran.stdout.lines().rev().take(2).collect();
    assert!(summary[1].starts_with("0 fired, 1 did not; "), "{summary:?}");
    assert!(summary[0].contains("demo.Wait: ") && summary[0].contains("delta"), "{summary:?}");
}

#[test]
fn defer_files_are_checked_before_anything_runs() {
    let folder = samples()
        .and("unknown-key.json", "[\n  {\"classpath\": \"demo.Wait\",\n   \"kwarg\": {}}\n]")
        .and("wrong-type.json", "[{\"classpath\": \"demo.Wait\", \"kwargs\": [1]}]")
        .and("no-owner.json", "[\n {\"kwargs\": {},\n  \"classpath\": \"demo.Wiat\"}\n]")
        .and("no-list.json", "{}");
    let files = ["unknown-key.json", "wrong-type.json", "no-owner.json", "no-list.json", "missing.json"];
    let mut arguments = vec!["dev", "--until-idle"];
    arguments.extend(files.iter().flat_map(|file| ["--defer", file]));
    let said = folder.run(&arguments).said();
    let lines: Vec<&str> = said.lines().filter(|line| !line.contains("is not pinned")).collect();
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn an_interrupt_ends_with_the_summary() {
    let folder = samples().and("defer.json", defer(&json!({"delta": 3600})));
    let dev = folder.start(&["dev", "--defer", "defer.json"]);
    while !dev.line().contains("polled") {}
    dev.signal("INT");
    let (code, rest, _) = dev.end();
    assert_eq!(code, Some(0));
    assert!(rest.last().unwrap().starts_with("0 fired, 1 still waiting; "), "{rest:?}");
}

#[test]
fn a_database_keeps_what_waits() {
    let folder = samples().and("defer.json", defer(&json!({"delta": 3600})));
    let dev = folder.start(&["dev", "--defer", "defer.json", "--db", "dev.db"]);
    while !dev.line().contains("polled") {}
    dev.signal("TERM");
    assert_eq!(dev.end().0, Some(0));
    let ran = folder.run(&["dev", "--db", "dev.db", "--until-idle", "--virtual-time", "--output", "json"]);
    assert_eq!(ran.code, Some(0), "{}", ran.said());
    let fired = ran.objects().into_iter().filter(|object| object["event"] == "fired").count();
    assert_eq!(fired, 1, "{}", ran.said());
}

#[test]
fn without_a_usable_cache_it_still_runs() {
    // A file where the folder ought to be: nothing can be created below it, whoever tries.
    let folder = samples().and("cache", "").and("defer.json", defer(&json!({"delta": 0})));
    let path = folder.path("cache").join("deeper").display().to_string();
    let folder = folder.env("TRIGGER_HOST__SANDBOX__CACHE", &path);
    let ran = folder.run(&["dev", "--defer", "defer.json", "--until-idle"]);
    assert_eq!(ran.code, Some(0), "{}", ran.said());
    assert!(ran.stderr.contains("Compiled code is not cached"), "{}", ran.stderr);
}

#[test]
fn a_full_disk_for_the_cache_does_not_stop_it() {
    let folder = samples().and("defer.json", defer(&json!({"delta": 0})));
    let mut command = folder.command(std::path::Path::new("bash"));
    let program = program::host().display();
    // No file may grow beyond 200 KiB, less than the compiled component has and more than an instance needs; the signal
    // about it is ignored, so that writes fail as on a full disk.
    let script = format!("trap '' XFSZ; ulimit -f 200; exec {program} dev --defer defer.json --until-idle");
    command.args(["-c", &script]).env("XDG_CACHE_HOME", folder.path("fresh"));
    let ran = folder.finish(command);
    assert_eq!(ran.code, Some(0), "{}", ran.said());
    assert!(ran.stderr.contains("Cannot keep compiled code"), "{}", ran.stderr);
}

#[test]
fn an_empty_catalog_is_no_mistake() {
    let ran = Folder::with("triggers.toml", "").run(&["dev", "--until-idle"]);
    assert_eq!(ran.code, Some(0), "{}", ran.said());
}

#[test]
fn a_task_that_is_deferred_already_names_the_file() {
    let task = json!({"dag_id": "d", "run_id": "r", "task_id": "t"});
    let twice = json!([{"classpath": "demo.Wait", "kwargs": {"delta": 3600}, "task": task}]).to_string();
    let folder = samples().and("one.json", &twice).and("two.json", &twice);
    let ran = folder.run(&["dev", "--defer", "one.json", "--defer", "two.json", "--until-idle"]);
    assert_eq!(ran.code, Some(2), "{}", ran.said());
    assert!(ran.stderr.contains("error: two.json: trigger 1 of the list: task `"), "{}", ran.stderr);
}

#[test]
fn a_callback_runs_the_component_of_its_path() {
    let callback =
        |path: &str, payload: Value| json!({"callback": {"path": path, "kwargs": {"do": "say", "payload": payload}}});
    let catalog = "[[trigger]]\ncallback = \"alerts.page\"\ncomponent = \"hostile.wasm\"\n\
                   grants.http = [{ origin = \"http://127.0.0.1:*\", methods = [\"GET\"], private = true }]\n";
    let folder = samples()
        .and("triggers.toml", catalog)
        .and("hostile.wasm", sample("hostile"))
        .and("done.json", json!([callback("alerts.page", json!({"state": "success", "body": 7}))]).to_string())
        .and("wrong.json", json!([callback("alerts.page", json!("success"))]).to_string())
        .and("unknown.json", json!([callback("alerts.pager", json!({}))]).to_string());
    let ran = folder.run(&["dev", "--defer", "done.json", "--until-idle", "--output", "json"]);
    assert_eq!(ran.code, Some(0), "{}", ran.said());
    let fired = ran.objects().into_iter().find(|object| object["event"] == "fired").unwrap();
    assert_eq!(fired["classpath"], "alerts.page");
    assert_eq!(fired["payload"], json!({"state": "success", "body": 7}));

    let ran = folder.run(&["dev", "--defer", "wrong.json", "--until-idle", "--output", "json"]);
    let objects = ran.objects();
    let failed = objects.iter().find(|object| object["event"] == "failed").unwrap();
    assert!(failed.to_string().contains("bad-payload"), "{failed}");
    let told = objects.iter().find(|object| object["event"] == "fired").unwrap();
    assert_eq!(told["payload"]["state"], "failed", "the API is told, by the one route that callbacks have");

    let ran = folder.run(&["dev", "--defer", "unknown.json", "--until-idle"]);
    assert_eq!(ran.code, Some(2), "{}", ran.said());
    assert!(ran.stderr.contains("the callback `alerts.pager` has no entry in triggers.toml"), "{}", ran.stderr);
}
