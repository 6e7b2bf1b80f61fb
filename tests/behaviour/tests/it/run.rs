//! `run` against the embedded API: from the first claim to the drain.

use program::components::samples;
use program::folder::Folder;
use program::running::Running;
use program::served::{NO_ADMIN, api, configured, http, until};
use serde_json::json;

/// A host against an API of its own, with one trigger deferred to its queue.
fn running(delta: u64) -> (Folder, Running, String, Running) {
    let folder = samples();
    assert_eq!(folder.run(&["catalog", "lock"]).code, Some(0));
    let (api, url) = api(&folder);
    let folder = configured(folder, &url, NO_ADMIN);
    let body = json!([{"classpath": "demo.Wait", "kwargs": {"delta": delta}, "queue": "wasm"}]).to_string();
    let (status, answer) = http("POST", &url.replace("/execution/", "/dev/defer"), &body);
    assert!(status < 300, "{status} {answer}");
    let host = folder.start(&["run"]);
    (folder, api, url, host)
}

fn waiting(url: &str) -> String {
    http("GET", &url.replace("/execution/", "/dev/waiting"), "").1
}

#[test]
fn claims_fires_and_drains_on_sigterm() {
    let (_folder, _api, url, host) = running(0);
    until(&host, "\"finished\"");
    assert!(waiting(&url).contains('0'), "{}", waiting(&url));
    host.signal("TERM");
    let (code, stdout, rest) = host.end();
    assert_eq!((code, stdout), (Some(0), vec![]), "{rest}");
    let (_, jobs) = http("GET", &url.replace("/execution/", "/dev/jobs"), "");
    assert!(jobs.contains("end_date") || jobs.contains("ended"), "the job is completed: {jobs}");
}

#[test]
fn without_queues_and_team_the_start_warns() {
    for (key, warns) in [("", true), ("queues = [\"wasm\"]\n", false), ("team = \"a\"\n", false)] {
        let folder = Folder::with("triggers.toml", "");
        let (_api, url) = api(&folder);
        let text =
            format!("[api]\nurl = \"{url}\"\n[host]\n{key}{NO_ADMIN}[tracing]\nformat = \"json\"\nfilter = \"info\"\n");
        let folder = folder.and("trigger-host.toml", text);
        let host = folder.start(&["run"]);
        until(&host, "The admin port is listening");
        // Registering and warning are one step, and the first load is after it.
        while !http("GET", &url.replace("/execution/", "/dev/jobs"), "").1.contains("\"job_id\"") {}
        host.signal("TERM");
        let (code, _, rest) = host.end();
        assert_eq!(code, Some(0), "{rest}");
        assert_eq!(rest.contains("No queues and no team are set"), warns, "{key}: {rest}");
    }
}

#[test]
fn a_second_signal_ends_at_once() {
    let (_folder, api, _url, host) = running(3600);
    until(&host, "\"polled\"");
    // Without an API the drain would try for seconds to complete the job.
    api.signal("STOP");
    host.signal("TERM");
    until(&host, "draining");
    host.signal("INT");
    assert_eq!(host.end().0, Some(1));
    api.signal("CONT");
}

#[test]
fn a_bad_catalog_is_refused_and_the_old_one_stays() {
    let (folder, _api, url, host) = running(0);
    until(&host, "\"finished\"");
    let good = std::fs::read_to_string(folder.path("triggers.toml")).unwrap();
    std::fs::write(folder.path("triggers.toml"), format!("{good}\n[[trigger]]\nclasspath = \"demo.New\"\n")).unwrap();
    host.signal("HUP");
    let lines = until(&host, "the old one stays");
    assert!(lines.iter().any(|line| line.to_string().contains("component: missing")), "{lines:?}");
    let added = format!("{good}\n[[trigger]]\nclasspath = \"demo.New\"\ncomponent = \"time_delta.wasm\"\n");
    std::fs::write(folder.path("triggers.toml"), added).unwrap();
    assert_eq!(folder.run(&["catalog", "lock"]).code, Some(0));
    host.signal("HUP");
    until(&host, "The catalog was read again.");
    let body = json!([{"classpath": "demo.New", "kwargs": {"delta": 0}, "queue": "wasm"}]).to_string();
    http("POST", &url.replace("/execution/", "/dev/defer"), &body);
    let lines = until(&host, "\"finished\"");
    assert!(lines.iter().any(|line| line.to_string().contains("\"fired\"")), "{lines:?}");
}

#[test]
fn the_admin_port_answers() {
    let (_folder, _api, _url, host) = running(3600);
    let lines = until(&host, "The admin port is listening");
    let address = lines.last().unwrap()["fields"]["address"].as_str().unwrap().to_owned();
    until(&host, "\"polled\"");
    let (status, health) = http("GET", &format!("http://{address}/health"), "");
    // Which of the two depends on whether the first look at the supervisor was before the question.
    assert!(status == 200 && (health.starts_with("ok") || health.starts_with("starting")), "{status} {health}");
    assert!((0..10_000).any(|_| http("GET", &format!("http://{address}/ready"), "").0 == 200), "never ready");
    let (status, metrics) = http("GET", &format!("http://{address}/metrics"), "");
    assert_eq!(status, 200);
    assert!(metrics.contains("trigger_host_"), "{metrics}");
}
