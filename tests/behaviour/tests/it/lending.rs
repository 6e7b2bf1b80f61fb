//! Credentials: what the host adds for a guest arrives where it belongs and nowhere else, and no log shows it.

use std::net::SocketAddr;
use std::sync::Arc;

use jobserver::Plan;
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::io::{AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

use crate::asks::{CANARY, DAG, RUN, airflow_requests, ask, error, world};
use crate::tap::Message;
use crate::world::World;

/// A service that wants a credential: remembers what came, and says it in its answer, as careless ones do.
struct Service {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<Option<String>>>>,
}

impl Service {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, seen) = (listener.local_addr().unwrap(), Arc::default());
        let remembered = Arc::clone(&seen);
        // Ends with the test's runtime.
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&remembered)));
            }
        });
        Self { address, seen }
    }

    fn url(&self) -> String {
        format!("http://{}/v1/runs", self.address)
    }

    /// The `Authorization` of each request.
    fn seen(&self) -> Vec<Option<String>> {
        self.seen.lock().clone()
    }
}

async fn serve(stream: TcpStream, seen: Arc<Mutex<Vec<Option<String>>>>) -> Option<()> {
    let mut stream = BufReader::new(stream);
    loop {
        let request = Message::read(&mut stream).await?;
        let authorization = request.header("authorization");
        let body = format!("you sent {}", authorization.as_deref().unwrap_or("nothing"));
        seen.lock().push(authorization);
        let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        stream.get_mut().write_all(answer.as_bytes()).await.ok()?;
    }
}

async fn put_connection(world: &World, fields: &Value) {
    world.api.put("connections/jobs_api", fields).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_credential_arrives_at_its_origin_alone_and_the_guest_never_sees_it() {
    let world = world().await;
    let (service, other) = (Service::start().await, Service::start().await);
    let token = format!("bearer-{CANARY}");
    let extra = json!({"bearer_token": token}).to_string();
    let port = service.address.port();
    put_connection(&world, &json!({"conn_type": "http", "host": "127.0.0.1", "port": port, "extra": extra})).await;
    let questions = json!([
        ["http", service.url(), "jobs_api"],
        ["http", other.url(), "jobs_api"],
        ["http", other.url()],
        ["http", service.url()],
        ["http", service.url(), "jobs_db"],
        // As one that has guessed it, or was told in another way.
        ["log", format!("the token is {token}")],
    ]);
    let answers = ask(&world, "test.Asker", &questions).await;

    assert_eq!(service.seen(), [Some(format!("Bearer {token}")), None]);
    assert_eq!(other.seen(), [None]);
    assert_eq!(answers[0], json!({"ok": [200, "you sent Bearer ***"]}));
    let refused = "connection `jobs_api`: its host or port is not that of the grant's origin";
    assert!(error(&answers[1]).contains(refused), "{}", answers[1]);
    assert_eq!(answers[2..4], [json!({"ok": [200, "you sent nothing"]}), json!({"ok": [200, "you sent nothing"]})]);
    assert!(error(&answers[4]).starts_with("not granted: "), "{}", answers[4]);
    assert_eq!(airflow_requests(&world), ["GET /execution/connections/jobs_api"], "fetched once, in spite of two uses");
    let log = world.log(DAG, RUN, "wait");
    assert!(log.contains("the token is ***") && !log.contains(CANARY), "{log}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_cannot_be_used_is_told_by_its_id_alone() {
    let service = Service::start().await;
    let questions = json!([["http", service.url(), "jobs_api"], ["http", service.url(), "jobs_api"]]);
    let asked = "GET /execution/connections/jobs_api";

    let absent = world().await;
    let answers = ask(&absent, "test.Asker", &questions).await;
    let unknown = "there is no connection `jobs_api` for this trigger: create it in Airflow, or ask for access to it";
    assert!(answers.iter().all(|answer| error(answer).ends_with(unknown)), "{answers:?}");
    assert_eq!(airflow_requests(&absent), [asked], "nobody asks again at once");

    let odd = world().await;
    put_connection(&odd, &json!({"conn_type": "http", "login": CANARY, "port": 70_000})).await;
    let mut with_description = questions.clone();
    with_description.as_array_mut().unwrap().push(json!(["connection", "jobs_db"]));
    let answers = ask(&odd, "test.Asker", &with_description).await;
    let unusable = "the connection `jobs_api` cannot be used: its port is not a TCP port";
    assert!(error(&answers[0]).contains(unusable), "{answers:?}");
    assert_eq!(answers[2]["ok"]["port"], 5432);

    let refusing = world().await;
    put_connection(&refusing, &json!({"conn_type": "http", "login": CANARY, "password": CANARY})).await;
    refusing.api.faults(&json!([{"endpoint": "runtime", "fault": "status", "status": 403}])).await;
    let answers = ask(&refusing, "test.Asker", &questions).await;
    let refused =
        "Airflow does not let the host fetch the connection `jobs_api`: the host's operator must look into it";
    assert!(answers.iter().all(|answer| error(answer).ends_with(refused)), "{answers:?}");
    assert!(airflow_requests(&refusing).len() <= 2, "with another token once, and then not at all");

    assert_eq!(service.seen(), [], "nothing is sent without its credential");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_secret_that_a_guest_has_read_is_in_no_log() {
    let world = world().await;
    let password = format!("p4ss {CANARY}/\"quoted\"");
    world.api.put("variables/jobs_password", &json!({"value": password})).await;
    let questions = json!([["log-variable", "jobs_password"], ["log", "behind it"], ["log-variable", "jobs_a"],]);
    ask(&world, "test.Asker", &questions).await;
    let log = world.log(DAG, RUN, "wait");
    assert!(log.contains("it is ***") && log.contains("behind it") && log.contains("it is v1"), "{log}");
    assert!(!log.contains(CANARY), "{log}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_kill_has_the_credential_too() {
    let world = World::with(Plan { polls: u32::MAX, millis: 0, fail: false }).await;
    put_connection(&world, &json!({"conn_type": "http", "host": "127.0.0.1", "login": "etl", "password": CANARY}))
        .await;
    let task = json!({"dag_id": DAG, "run_id": RUN, "task_id": "job"});
    let mut kwargs = world.job(&json!({}));
    kwargs["connection"] = json!("jobs_api");
    let ids = world.api.defer(&json!([{"classpath": "demo.LentJob", "task": task, "kwargs": kwargs}])).await;
    let mut host = world.host("host", &[]);
    host.step(ids[0], "polled", 3).await;
    // Airflow has forgotten the trigger when its job is cancelled.
    world.api.post("tasks/clear", &task).await;
    world.record.until("the job is cancelled", |record| !record.of("DELETE /v1/runs/").is_empty()).await;
    host.drain().await;
    let basic = Some("Basic ZXRsOmNhbmFyeS00NzEx".to_owned());
    let asked = world.record.of(" /v1/runs");
    assert!(asked.len() >= 3 && asked.iter().all(|one| one.credential == basic), "{asked:?}");
    assert_eq!(world.jobs.stats().cancelled, 1);
}
