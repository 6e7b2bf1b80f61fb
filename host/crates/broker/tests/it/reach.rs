//! Network reach: only granted origins, only allowed addresses, never the host's own listeners. A server that no
//! request may reach counts.

use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use axum::response::Redirect;
use axum::routing::get as on_get;
use broker::{Broker, BrokerConfig};
use trigger_host_types::http::Error;

use crate::server::{Scripted, Server, get, grant, open, parts, refused};

async fn forbidden_server() -> Server {
    Server::start(Router::new().fallback(|| async { "must not be seen" })).await
}

fn broker(forbidden: &Server, lookup: Arc<Scripted>) -> Broker {
    Broker::new(BrokerConfig { forbidden: vec![forbidden.address], lookup, ..BrokerConfig::default() }).unwrap()
}

#[tokio::test]
async fn nothing_is_sent_without_a_grant() {
    let server = forbidden_server().await;
    let grants = grant(parts("https://jobs.example.com"));
    for grants in [&grants[..], &[]] {
        assert!(matches!(refused(open().send(grants, get(&server.url("/"))).await), Error::NotGranted(_)));
    }
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn a_name_that_leads_inside_takes_private() {
    let server = forbidden_server().await;
    let port = server.address.port();
    for address in
        ["127.0.0.1", "::ffff:127.0.0.1", "0.0.0.0", "::1", "10.0.0.1", "169.254.169.254", "fd00::1", "64:ff9b::7f00:1"]
    {
        let lookup = Scripted::new(&[&[address]]);
        let broker = Broker::new(BrokerConfig { lookup: lookup.clone(), ..BrokerConfig::default() }).unwrap();
        let mut parts = parts(&format!("http://jobs.example.com:{port}"));
        parts.private = false;
        let url = format!("http://jobs.example.com:{port}/");
        let error = refused(broker.send(&grant(parts), get(&url)).await);
        assert!(
            matches!(&error, Error::NotGranted(text) if text.contains("private = true") && !text.contains(address)),
            "{error}"
        );
        assert_eq!(lookup.lookups(), 1);
    }
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn one_inside_address_condemns_the_answer() {
    let server = forbidden_server().await;
    let port = server.address.port();
    let lookup = Scripted::new(&[&["93.184.216.34", "127.0.0.1"]]);
    let broker = Broker::new(BrokerConfig { lookup, ..BrokerConfig::default() }).unwrap();
    let mut parts = parts(&format!("http://jobs.example.com:{port}"));
    parts.private = false;
    assert!(matches!(
        refused(broker.send(&grant(parts), get(&format!("http://jobs.example.com:{port}/"))).await),
        Error::NotGranted(_)
    ));
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn an_answer_that_changes_is_checked_again() {
    let close = || async { ([("connection", "close")], "ok") };
    let allowed = Server::start(Router::new().route("/", on_get(close))).await;
    let port = allowed.address.port();
    // First an address that may be dialled, then one that is the host's own: the second exchange needs a new
    // connection, so a new check.
    let lookup = Scripted::new(&[&["127.0.0.1"], &["127.0.0.2"]]);
    let own = format!("127.0.0.2:{port}").parse().unwrap();
    let broker =
        Broker::new(BrokerConfig { forbidden: vec![own], lookup: lookup.clone(), ..BrokerConfig::default() }).unwrap();
    let grants = grant(parts(&format!("http://jobs.example.com:{port}")));
    let url = format!("http://jobs.example.com:{port}/");
    assert_eq!(broker.send(&grants, get(&url)).await.unwrap().body, b"ok");
    assert!(matches!(refused(broker.send(&grants, get(&url)).await), Error::NotGranted(_)));
    assert_eq!((lookup.lookups(), allowed.connections()), (2, 1));
}

#[tokio::test]
async fn the_hosts_own_listeners_are_out_of_reach() {
    let server = forbidden_server().await;
    let port = server.address.port();
    let broker = broker(&server, Scripted::new(&[&["127.0.0.1"]]));
    let spellings = [
        "127.0.0.1",
        "2130706433",
        "0x7f.1",
        "127.1",
        "[::ffff:127.0.0.1]",
        "0.0.0.0",
        "localhost",
        "jobs.example.com",
    ];
    for host in spellings {
        let any = grant(parts("http://127.0.0.1:*")).into_iter().chain(grant(parts("http://localhost:*")));
        let named = if matches!(host, "[::ffff:127.0.0.1]" | "0.0.0.0" | "jobs.example.com") {
            // Loopback in fact, though not in form.
            grant(parts(&format!("http://{host}:{port}")))
        } else {
            vec![]
        };
        let grants: Vec<_> = any.chain(named).collect();
        let result = broker.send(&grants, get(&format!("http://{host}:{port}/"))).await;
        if host == "[::ffff:127.0.0.1]" || host == "0.0.0.0" {
            // The grant names an address and port itself: the operator meant it. (0.0.0.0 reaches loopback on Linux.)
            assert!(result.is_ok(), "{host}");
            continue;
        }
        let error = refused(result);
        assert!(matches!(&error, Error::NotGranted(text) if text.contains("listener of the host")), "{host}: {error}");
    }
    let before = server.connections();
    assert!(before <= 2, "only the two that were granted by address");
    let exact = grant(parts(&format!("http://127.0.0.1:{port}")));
    assert_eq!(broker.send(&exact, get(&server.url("/"))).await.unwrap().status, 200);
}

#[tokio::test]
async fn redirects_are_answers() {
    let inside = forbidden_server().await;
    let to = inside.url("/secret");
    let server = Server::start(Router::new().route("/", on_get(move || async move { Redirect::temporary(&to) }))).await;
    let grants = grant(parts(&server.url("")));
    let response = open().send(&grants, get(&server.url("/"))).await.unwrap();
    assert_eq!(response.status, StatusCode::TEMPORARY_REDIRECT.as_u16());
    assert!(response.headers.iter().any(|(name, value)| name == "location" && *value == inside.url("/secret")));
    assert_eq!(inside.connections(), 0);
}

#[tokio::test]
async fn failures_name_no_address() {
    let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let lookup = Scripted::new(&[&["127.0.0.1"], &[]]);
    let broker = Broker::new(BrokerConfig { lookup, ..BrokerConfig::default() }).unwrap();
    let origin = format!("http://jobs.example.com:{}", closed.port());
    for what in ["the connection failed", "does not resolve"] {
        let error =
            refused(broker.send(&grant(parts(&origin)), get(&format!("{origin}/?token=secret"))).await).to_string();
        assert!(error.contains(what) && !error.contains("127.0.0.1") && !error.contains("secret"), "{error}");
    }
    let plain = forbidden_server().await;
    let origin = format!("https://{}", plain.address);
    let error = refused(open().send(&grant(parts(&origin)), get(&origin)).await).to_string();
    assert!(error.contains("TLS failed"), "{error}");
}
