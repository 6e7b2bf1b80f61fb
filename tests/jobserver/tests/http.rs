//! The service over a real socket.
#![expect(clippy::unwrap_used, reason = "tests")]

use jobserver::{Job, JobServer, Plan, State, Stats};
use reqwest::{Client, StatusCode};

fn client() -> Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder().no_proxy().build().unwrap()
}

#[tokio::test]
async fn a_job_is_submitted_once_watched_and_cancelled() {
    let server = JobServer::start(Plan { polls: 1, ..Plan::default() }).await.unwrap();
    let (client, runs) = (client(), format!("{}/v1/runs", server.url()));
    let submit = || client.post(&runs).header("Idempotency-Key", "k").json(&serde_json::json!({"n": 1})).send();
    let (first, again) = (submit().await.unwrap(), submit().await.unwrap());
    assert_eq!((first.status(), again.status()), (StatusCode::CREATED, StatusCode::OK));
    let (first, again): (Job, Job) = (first.json().await.unwrap(), again.json().await.unwrap());
    assert_eq!(first, again);

    let job = format!("{runs}/{}", first.id);
    for state in [State::Running, State::Done] {
        assert_eq!(client.get(&job).send().await.unwrap().json::<Job>().await.unwrap().state, state);
    }
    assert_eq!(client.delete(&job).send().await.unwrap().status(), StatusCode::CONFLICT);

    let failing: Job = client
        .post(&runs)
        .json(&serde_json::json!({"fail": true, "polls": 0}))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let failing = format!("{runs}/{}", failing.id);
    assert_eq!(client.get(&failing).send().await.unwrap().json::<Job>().await.unwrap().state, State::Failed);

    let other: Job = client.post(&runs).send().await.unwrap().json().await.unwrap();
    let other = format!("{runs}/{}", other.id);
    assert_eq!(client.delete(&other).send().await.unwrap().status(), StatusCode::NO_CONTENT);
    assert_eq!(client.get(format!("{runs}/none")).send().await.unwrap().status(), StatusCode::NOT_FOUND);

    let stats: Stats = client.get(format!("{}/v1/stats", server.url())).send().await.unwrap().json().await.unwrap();
    assert_eq!(stats, Stats { started: 3, repeated: 1, looks: 3, done: 1, failed: 1, cancelled: 1 });
    assert_eq!(stats, server.stats());
}
