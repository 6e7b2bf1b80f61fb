//! From the text of a catalog to raw events, through a folder and through a socket.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::time::Duration;

use async_trait::async_trait;
use broker::{Broker, BrokerConfig, Mask};
use matching::Match;
use settings::setting::Compile;
use settings::{Environment, Problems};
use stream_rules::StreamKey;
use streams::{Streams, Subscribe, Subscription};
use trigger_host_types::{
    ClassPath, ConnId, Connection, ConnectionError, Connections, Digest, SystemClock, TriggerId, VirtualClock,
};

use super::*;
use crate::catalog::{self, Unlocked};
use crate::config;
use crate::host;

/// What time it is for triggers.
const VIRTUAL_NOW: u64 = 1_000_000_000_000;

/// One connection, `feed`.
struct Lender;

#[async_trait]
impl Connections for Lender {
    async fn connection(&self, id: &ConnId) -> Result<Connection, ConnectionError> {
        let feed = Connection {
            conn_type: "http".into(),
            extra: Some(r#"{"bearer_token": "made-up-token"}"#.into()),
            ..Connection::default()
        };
        Some(feed).filter(|_| id.as_str() == "feed").ok_or_else(|| ConnectionError::Unknown(id.clone()))
    }
}

/// What the program makes of a catalog with this text.
async fn catalog(text: &str) -> supervisor::Catalog {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("triggers.toml");
    fs::write(&file, text).unwrap();
    let mut problems = Problems::default();
    let catalog = catalog::read(&file, &mut problems).unwrap();
    let ready = catalog::ready(&catalog, Unlocked::Refused, &mut problems);
    let mut settings = config::read_environment(&Environment).unwrap();
    // This program is a test's, which knows no compiler's child.
    settings.sandbox.compile = Compile::InProcess;
    let sandbox = host::sandbox(&settings, 1, Arc::new(SystemClock), &Environment).unwrap();
    let loaded = catalog::load(&sandbox, &catalog, &ready, &settings, &mut problems).await;
    assert_eq!(problems, Problems::default());
    loaded
}

fn make(catalog: &supervisor::Catalog, source: &str, parameters: &str) -> Result<Upstream, UpstreamRefused> {
    let classpath = ClassPath::from("demo.Watch");
    let key = key();
    let connections = Arc::new(Lender);
    let broker = Broker::new(BrokerConfig::default()).unwrap().lending(connections.clone(), Mask::default());
    let trigger = TriggerId(1);
    catalog.upstreams().make(WantedUpstream {
        trigger,
        classpath: &classpath,
        source,
        parameters,
        key: &key,
        connections,
        broker,
        clock: Arc::new(VirtualClock::new(VIRTUAL_NOW)),
    })
}

fn key() -> StreamKey {
    StreamKey::of_class("demo.Watch".into(), "k")
}

async fn subscribe(streams: &Streams, upstream: Upstream) -> Subscription {
    let Upstream { producer, mode, policy } = upstream;
    let (key, trigger, wanted) = (key(), TriggerId(1), Match::default());
    streams.subscribe(Subscribe { trigger, key, wanted, mode, policy, producer, cohort: vec![] }).await.unwrap()
}

async fn next(subscription: &Subscription) -> Value {
    let batch = tokio::time::timeout(Duration::from_secs(60), subscription.next(1)).await.unwrap().unwrap();
    serde_json::from_slice(&batch[0].data).unwrap()
}

/// A stream on the folder `path`, and its one subscriber.
pub(crate) async fn folder_stream(path: &Path) -> (Streams, Subscription) {
    let text = format!(
        "[sources.inbox]\nkind = \"directory\"\npath = {:?}\nevery = \"10ms\"\nrules = {{ grace = \"0s\" }}\n",
        path.display().to_string()
    );
    let catalog = catalog(&text).await;
    let streams = Streams::start();
    let subscription = subscribe(&streams, make(&catalog, "inbox", "{}").unwrap()).await;
    (streams, subscription)
}

#[tokio::test]
async fn a_folder_of_the_catalog_is_read() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.csv"), "1,2").unwrap();
    let (_streams, subscription) = folder_stream(folder.path()).await;
    let event = next(&subscription).await;
    assert_eq!((&event["path"], &event["size"]), (&"a.csv".into(), &3.into()));
}

#[tokio::test]
async fn only_the_profile_of_airflow_shares_across_classes() {
    let entry = "kind = \"directory\"\npath = \"/data\"\n";
    let text = format!("[sources.ours]\n{entry}[sources.theirs]\n{entry}rules.profile = \"airflow\"\n");
    let catalog = catalog(&text).await;
    let shared = ["ours", "theirs", "nowhere"].map(|name| catalog.upstreams().is_shared_across_classes(name));
    assert_eq!(shared, [false, true, false]);
}

#[tokio::test]
async fn what_is_not_in_the_catalog_is_refused() {
    let catalog = catalog("[sources.inbox]\nkind = \"directory\"\npath = \"/data\"\n").await;
    let refused = |source: &str, parameters: &str| make(&catalog, source, parameters).map(|_| ()).unwrap_err().0;
    assert!(refused("outbox", "{}").contains("add [sources.\"outbox\"] to the catalog"));
    assert!(refused("inbox", r#"{"folder": "../etc"}"#).contains("`folder` must be a relative path"));
    assert!(refused("inbox", "{").starts_with("source `inbox`: the parameters of the stream are not JSON"));
}

#[tokio::test]
async fn a_long_poll_has_the_credential_of_its_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/changes", listener.local_addr().unwrap());
    let endpoint = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
        let head: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
        let body = r#"{"events": [{"n": 1}], "cursor": "1"}"#;
        write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len()).unwrap();
        head
    });
    let text = format!(
        "[sources.changes]\nkind = \"http\"\nurl = \"{url}\"\nprivate = true\nconnection = \"feed\"\nrules.grace = \"0s\"\n"
    );
    let catalog = catalog(&text).await;
    let streams = Streams::start();
    let subscription = subscribe(&streams, make(&catalog, "changes", "null").unwrap()).await;
    assert_eq!(next(&subscription).await["n"], 1);
    let head = endpoint.join().unwrap();
    assert!(head.contains(&"authorization: Bearer made-up-token".to_owned()), "{head:?}");
}

/// In virtual time a component that reads a source lives in the time of its triggers.
#[tokio::test(flavor = "multi_thread")]
async fn a_component_sees_the_time_of_its_triggers() {
    let file = guest_build::component("upstream");
    let digest = Digest::of(&fs::read(&file).unwrap());
    let text = format!(
        "[sources.times]\nkind = \"component\"\ncomponent = {:?}\ndigest = \"{digest}\"\nrules.grace = \"0s\"\n",
        file.display().to_string()
    );
    let catalog = catalog(&text).await;
    let streams = Streams::start();
    let subscription = subscribe(&streams, make(&catalog, "times", r#"{"read": "time"}"#).unwrap()).await;
    assert_eq!(next(&subscription).await, VIRTUAL_NOW);
}
