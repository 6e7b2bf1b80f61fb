//! What a trigger asks of Airflow, with the Airflow of the fake host.

use trigger_host_sdk::connections::ConnectionDescription;
use trigger_host_sdk::fake::FakeHost;
use trigger_host_sdk::prelude::*;
use trigger_host_sdk::serde_json::{Value, json};
use trigger_host_sdk::{TriggerKind, asset_state, connections, dag_runs, task_instances, variables, xcoms};

/// Asks for everything once.
#[trigger]
struct Asks {}

impl Trigger for Asks {
    type Checkpoint = ();

    fn poll(&self, cx: &Context, _: Option<()>) -> Result<Outcome> {
        let limit = match variables::get("limit") {
            Err(error) if error.is_transient() => return Ok(Outcome::again_after(Duration::from_secs(5))),
            limit => limit?,
        };
        variables::put("seen", "yes")?;
        let rows: Option<u64> = xcoms::of("extract").get("rows")?;
        xcoms::own().set("at", &cx.now)?;
        let done = task_instances::of_own_dag().run("run").count(&["success", "null"])?;
        let last = task_instances::previous("extract").state("success").find()?.map(|found| found.run_id);
        let others = dag_runs::of_dag("other").state("running").count()?;
        let port = connections::describe("db")?.port;
        let region: Option<String> = connections::extras("aws_default")?.get("region_name")?;
        let none: Option<String> = connections::extras("db")?.get("region_name")?;
        let found = json!([limit, rows, done, last, others, dag_runs::own_state()?, port, region, none]);
        Ok(Outcome::fire(found))
    }
}

/// With all that it asks for.
fn host() -> FakeHost<Asks> {
    let mut host = FakeHost::<Asks>::new(json!({}));
    host.airflow()
        .variable("limit", "10")
        .xcom("extract", "rows", json!(3))
        .task("dag", "run", "extract", Some("success"))
        .task("dag", "run", "task", None)
        .task("dag", "run", "load", Some("failed"))
        .dag_run("dag", "run", "running")
        .dag_run("other", "a", "running")
        .dag_run("other", "b", "success")
        .connection(
            "db",
            ConnectionDescription {
                conn_type: "postgres".into(),
                port: Some(5432),
                ..ConnectionDescription::default()
            },
        )
        .connection_extra("aws_default", "region_name", json!("eu-1"));
    host
}

#[test]
fn it_finds_what_the_test_put_there_and_leaves_what_it_wrote() {
    let mut host = host();
    assert_eq!(host.run_until_finished().payloads(), [json!(["10", 3, 2, "run", 1, "running", 5432, "eu-1", null])]);
    assert_eq!(host.airflow().variable_now("seen"), Some("yes"));
    assert_eq!(host.airflow().xcom_now("task", "at"), Some(&json!({"$datetime": "2026-01-01T00:00:00Z"})));
}

#[test]
fn what_is_not_there_is_none_and_a_refusal_ends_the_trigger() {
    let mut without = FakeHost::<Asks>::new(json!({}));
    assert_eq!(without.run_until_finished().failure(), "not found: there is no connection `db`");
    let mut denied = host();
    denied.airflow().deny("xcoms");
    assert_eq!(denied.run_until_finished().failure(), "not granted: `xcoms` is denied by the test");
}

#[test]
fn a_failure_that_passes_is_polled_over() {
    let mut host = host();
    host.airflow().fails().fails();
    let run = host.run_until_finished();
    assert_eq!((run.polls, run.ended_at.to_string().as_str()), (3, "2026-01-01T00:00:10Z"));
}

/// Keeps the state of its asset.
#[trigger]
struct Watches {}

impl Trigger for Watches {
    type Checkpoint = ();

    fn poll(&self, _: &Context, _: Option<()>) -> Result<Outcome> {
        let asset = asset_state::at("s3://in");
        let seen: u64 = asset.get("seen")?.unwrap_or(0);
        asset.set("seen", &(seen + 1))?;
        let strange = asset_state::named("other").get::<Value>("seen").is_err();
        Ok(Outcome::again_after(Duration::from_secs(60)).event(Event::fire(json!([seen, strange]))))
    }
}

#[test]
fn a_watcher_has_the_state_of_its_asset() {
    let mut host = FakeHost::<Watches>::new(json!({})).waiting_for(TriggerKind::Asset);
    host.airflow().asset("in", "s3://in");
    let run = host.run_for(Duration::from_secs(60));
    assert_eq!(run.payloads(), [json!([0, true]), json!([1, true])]);
    assert_eq!(host.airflow().asset_state_now("in", "seen"), Some(&json!(2)));
}
