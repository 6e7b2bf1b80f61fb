//! Credentials: used by a guest, never read by one, and never sent anywhere else. The canary stands for every secret.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use axum::Router;
use axum::extract::Request as Seen;
use axum::http::HeaderMap;
use axum::response::{IntoResponse as _, Redirect};
use axum::routing::{any, get as on_get};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use broker::{Broker, BrokerConfig, HttpGrant, Mask};
use serde_json::json;
use trigger_host_types::http::{Error, Request};
use trigger_host_types::{ConnId, Connection, ConnectionError, Connections, VirtualClock};

use crate::server::{Server, get, grant, open, parts, refused};

const CANARY: &str = "canary/Secret+42=&<\"x";

struct Lender(HashMap<&'static str, Connection>);

#[async_trait]
impl Connections for Lender {
    async fn connection(&self, id: &ConnId) -> Result<Connection, ConnectionError> {
        self.0.get(id.as_str()).cloned().ok_or_else(|| ConnectionError::Unknown(id.clone()))
    }
}

fn basic() -> Connection {
    let (login, password) = (Some("robot".into()), Some(CANARY.into()));
    Connection { conn_type: "http".into(), login, password, ..Connection::default() }
}

fn with_extra(conn_type: &str, extra: &serde_json::Value) -> Connection {
    Connection { conn_type: conn_type.into(), extra: Some(extra.to_string().into()), ..Connection::default() }
}

/// A broker that lends `jobs`, and what was registered for masking.
fn lending(jobs: Connection) -> (Broker, Arc<Mutex<Vec<String>>>) {
    let masked = Arc::new(Mutex::new(Vec::new()));
    let register = masked.clone();
    let clock = Arc::new(VirtualClock::new(1_440_938_160_000));
    let broker = Broker::new(BrokerConfig { clock, ..BrokerConfig::default() }).unwrap();
    let mask = Mask::new(move |secret| register.lock().unwrap().push(secret.to_owned()));
    (broker.lending(Arc::new(Lender(HashMap::from([("jobs", jobs)]))), mask), masked)
}

fn granted(origin: &str) -> Vec<HttpGrant> {
    let mut parts = parts(origin);
    parts.connection = Some("jobs".into());
    grant(parts)
}

fn asking(url: &str) -> Request {
    Request { connection: Some("jobs".into()), ..get(url) }
}

/// Answers with the headers it was asked with, as text that hides nothing.
async fn showing() -> Server {
    let shows = |headers: HeaderMap| async move {
        let seen =
            headers.get("x-key").or(headers.get("authorization")).map(|value| value.to_str().unwrap().to_owned());
        // Upside down, so that the test sees what scrubbing cannot.
        seen.unwrap_or_default().chars().rev().collect::<String>()
    };
    Server::start(Router::new().fallback(shows)).await
}

async fn shown(broker: &Broker, server: &Server) -> String {
    let answer = broker.send(&granted(&server.url("")), asking(&server.url("/"))).await.unwrap();
    String::from_utf8(answer.body).unwrap().chars().rev().collect()
}

#[tokio::test]
async fn a_connection_becomes_what_its_type_says() {
    let server = showing().await;
    let coded = STANDARD.encode(format!("robot:{CANARY}"));
    for (connection, seen) in [
        (basic(), format!("Basic {coded}")),
        (with_extra("http", &json!({ "bearer_token": "canary-token" })), "Bearer canary-token".to_owned()),
        (
            with_extra("http", &json!({ "Authorization": "Token canary-token", "verify": false })),
            "Token canary-token".to_owned(),
        ),
        (
            with_extra("http", &json!({ "headers": { "X-Key": "canary-token" }, "timeout": 5 })),
            "canary-token".to_owned(),
        ),
    ] {
        let (broker, masked) = lending(connection);
        assert_eq!(shown(&broker, &server).await, seen);
        let masked = masked.lock().unwrap();
        assert!(masked.iter().any(|secret| seen.ends_with(secret.as_str())), "what is sent is known to the mask");
    }
}

/// Class 11: what comes back in any common spelling is not there any more, in the body and in the headers.
#[tokio::test]
async fn echoes_are_scrubbed() {
    let percent = |secret: &str| url::form_urlencoded::byte_serialize(secret.as_bytes()).collect::<String>();
    let spellings = [
        CANARY.to_owned(),
        STANDARD.encode(CANARY),
        URL_SAFE.encode(CANARY),
        STANDARD.encode(format!("robot:{CANARY}")),
        STANDARD.encode(format!("x{CANARY} and more")),
        percent(CANARY),
        percent(CANARY).to_lowercase(),
        json!({ "password": CANARY }).to_string(),
        CANARY.bytes().map(|byte| format!("%{byte:02x}")).collect(),
        CANARY.bytes().map(|byte| format!("{byte:02X}")).collect(),
    ];
    let (broker, _) = lending(basic());
    for spelling in spellings {
        let echo = spelling.clone();
        let echoes = move || async move {
            let header = format!("https://other.example/?token={echo}");
            ([("location", header.clone()), ("x-echo", header)], format!("before {echo} after")).into_response()
        };
        let server = Server::start(Router::new().fallback(echoes)).await;
        let answer = broker.send(&granted(&server.url("")), asking(&server.url("/"))).await.unwrap();
        let body = String::from_utf8(answer.body).unwrap();
        assert!(body.starts_with("before ") && body.ends_with(" after") && body.contains("***"), "{spelling}: {body}");
        let plain = answer.headers.iter().filter(|(name, _)| name == "location" || name == "x-echo");
        let middle = &spelling[spelling.len() / 3..spelling.len() * 2 / 3];
        for (name, value) in plain.chain([&("body".to_owned(), body)]) {
            assert!(value.contains("***") && !value.contains(middle), "{spelling}: {name}: {value}");
        }
    }
}

#[tokio::test]
async fn an_answer_that_cannot_be_looked_into_is_refused() {
    let coded = || async { ([("content-encoding", "br")], "whatever this is") };
    let server = Server::start(Router::new().fallback(coded)).await;
    let (broker, _) = lending(basic());
    let grants = granted(&server.url(""));
    assert!(
        matches!(refused(broker.send(&grants, asking(&server.url("/"))).await), Error::Other(text) if text.contains("encoding"))
    );
    assert!(
        broker.send(&grants, get(&server.url("/"))).await.is_ok(),
        "without a credential it is the guest's own business"
    );
}

/// The credential leaves for the grant's origin, when it is asked for, and for nowhere else.
#[tokio::test]
async fn no_other_place_gets_it() {
    let elsewhere = showing().await;
    let to = elsewhere.url("/");
    let server = Server::start(Router::new().fallback(move || async move { Redirect::temporary(&to) })).await;
    let (broker, _) = lending(basic());
    let mut grants = granted(&server.url(""));
    grants.extend(grant(parts(&elsewhere.url(""))));
    assert_eq!(broker.send(&grants, asking(&server.url("/"))).await.unwrap().status, 307);
    assert_eq!(elsewhere.connections(), 0, "a redirect is an answer");
    let error = refused(broker.send(&grants, asking(&elsewhere.url("/"))).await);
    assert!(matches!(error, Error::NotGranted(_)), "{error}");
    assert_eq!(elsewhere.connections(), 0);
    let answer = broker.send(&grants, get(&elsewhere.url("/"))).await.unwrap();
    assert!(answer.body.is_empty(), "nothing is left over from another exchange");
    // The connection itself says that it is for another host.
    let (broker, _) = lending(Connection { host: Some("jobs.example.com".into()), ..basic() });
    let error = refused(broker.send(&granted(&elsewhere.url("")), asking(&elsewhere.url("/"))).await);
    assert!(
        matches!(&error, Error::Other(text) if text.contains("host or port is not") && !text.contains("canary")),
        "{error}"
    );
    assert_eq!(elsewhere.connections(), 1);
}

#[tokio::test]
async fn a_guest_does_not_write_what_the_connection_adds() {
    let server = showing().await;
    let with = |name: &str| Request { headers: vec![(name.into(), "mine".into())], ..asking(&server.url("/")) };
    let grants = granted(&server.url(""));
    let (keyed, _) = lending(with_extra("http", &json!({ "X-Key": "canary-token" })));
    let extra = json!({ "region_name": "eu-west-1", "endpoint_url": server.url(""), "service_name": "sqs",
        "aws_access_key_id": "AKIDEXAMPLE", "aws_secret_access_key": CANARY });
    let (aws, _) = lending(with_extra("aws", &extra));
    let (basic, _) = lending(basic());
    for (broker, name) in [
        (&basic, "Authorization"),
        (&keyed, "authorization"),
        (&keyed, "x-KEY"),
        (&aws, "Authorization"),
        (&aws, "X-Amz-Date"),
        (&aws, "x-amz-security-token"),
    ] {
        let error = refused(broker.send(&grants, with(name)).await);
        assert!(matches!(&error, Error::Invalid(text) if text.contains("the connection adds it")), "{name}: {error}");
    }
    assert_eq!(server.connections(), 0);
    let own = Request { connection: None, ..with("authorization") };
    assert!(basic.send(&grants, own).await.is_ok(), "without a connection it is the guest's own");
}

#[tokio::test]
async fn a_request_is_signed_for_aws() {
    let shows = |seen: Seen| async move {
        let (parts, _) = seen.into_parts();
        let header = |name: &str| parts.headers.get(name).map(|value| value.to_str().unwrap().to_owned());
        [header("authorization"), header("x-amz-date"), header("x-amz-target")].map(Option::unwrap_or_default).join("|")
    };
    let server = Server::start(Router::new().route("/", any(shows))).await;
    let extra = json!({ "region_name": "eu-west-1", "endpoint_url": server.url("") });
    let keys = (Some("AKIDEXAMPLE".into()), Some(CANARY.into()));
    let (broker, masked) = lending(Connection { login: keys.0, password: keys.1, ..with_extra("aws", &extra) });
    let request = Request {
        method: "POST".into(),
        headers: vec![("X-Amz-Target".into(), "AmazonSQS.ReceiveMessage".into())],
        body: Some(b"{}".to_vec()),
        ..asking(&server.url("/"))
    };
    let seen = broker.send(&granted(&server.url("")), request).await.unwrap().body;
    let seen = String::from_utf8(seen).unwrap();
    let begins = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/eu-west-1/sqs/aws4_request, SignedHeaders=host;x-amz-date;x-amz-target, Signature=";
    assert!(seen.starts_with(begins) && seen.ends_with("|20150830T123600Z|AmazonSQS.ReceiveMessage"), "{seen}");
    assert!(masked.lock().unwrap().contains(&CANARY.to_owned()));
}

/// Whatever is wrong, the error says where, and nothing leaves.
#[tokio::test]
async fn errors_hold_no_secret() {
    let server = Server::start(Router::new().route("/", on_get(|| async { "never" }))).await;
    let grants = granted(&server.url(""));
    for (connection, why) in [
        (Connection { conn_type: "postgres".into(), ..basic() }, "give it the type"),
        (with_extra("http", &json!([CANARY])), "must be a JSON object"),
        (with_extra("http", &json!({ "X-Key": [CANARY] })), "must be a string"),
        (with_extra("http", &json!({ "Host": CANARY })), "neither an option nor a header"),
        (with_extra("http", &json!({ "X-Key": "canary\nx" })), "cannot be sent"),
        (with_extra("http", &json!({})), "no credential"),
        (with_extra("aws", &json!({ "aws_secret_access_key": CANARY })), "no access key"),
        (Connection { conn_type: "aws".into(), ..basic() }, "endpoint_url"),
    ] {
        let (broker, _) = lending(connection);
        let error = refused(broker.send(&grants, asking(&server.url("/"))).await).to_string();
        assert!(error.contains(why) && !error.contains("canary"), "{error}");
    }
    let error = refused(open().send(&grants, asking(&server.url("/"))).await).to_string();
    assert!(error.contains("lends no connections"), "{error}");
    let none = open().lending(Arc::new(Lender(HashMap::new())), Mask::default());
    let error = refused(none.send(&grants, asking(&server.url("/"))).await).to_string();
    assert!(error.contains("there is no connection `jobs`"), "{error}");
    assert_eq!(server.connections(), 0);
}
