//! The shape of messages: what a server sees is what was checked, and nothing is kept between exchanges.

use axum::Router;
use axum::extract::Request as Seen;
use axum::http::HeaderMap;
use axum::routing::{any, get as on_get};
use trigger_host_types::http::{Error, Request};

use crate::server::{Server, get, grant, open, parts, refused};

#[tokio::test]
async fn the_path_checked_is_the_path_sent() {
    let server = Server::start(Router::new().fallback(|seen: Seen| async move { seen.uri().to_string() })).await;
    let mut parts = parts(&server.url(""));
    parts.paths = Some(vec!["/v1/runs/*".into()]);
    let url = server.url("/v1/x/%2e%2E/runs/%6a%31%20é?q=%2e%2e/#f");
    let seen = open().send(&grant(parts), get(&url)).await.unwrap().body;
    assert_eq!(String::from_utf8(seen).unwrap(), "/v1/runs/j1%20%C3%A9?q=%2e%2e/");
}

#[tokio::test]
async fn a_guest_writes_no_framing() {
    let server = Server::start(Router::new().fallback(|| async {})).await;
    let grants = grant(parts(&server.url("")));
    for (name, value) in [
        ("Transfer-Encoding", "chunked"),
        ("Content-Length", "0"),
        ("host", "other"),
        ("x", "a\r\nGET /admin HTTP/1.1"),
    ] {
        let request = Request { headers: vec![(name.into(), value.into())], ..get(&server.url("/")) };
        assert!(matches!(refused(open().send(&grants, request).await), Error::Invalid(_)), "{name}");
    }
    for method in ["GET /admin HTTP/1.1\r\nx:", "get", ""] {
        let request = Request { method: method.into(), ..get(&server.url("/")) };
        assert!(matches!(refused(open().send(&grants, request).await), Error::NotGranted(_)), "{method}");
    }
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn nothing_is_remembered_between_exchanges() {
    let sets = || async { ([("set-cookie", "a=secret"), ("www-authenticate", "Basic")], "") };
    let shows = |headers: HeaderMap| async move { format!("{headers:?}") };
    let server = Server::start(Router::new().route("/set", on_get(sets)).route("/show", any(shows))).await;
    let broker = open();
    let first = grant(parts(&server.url("")));
    let request = Request { headers: vec![("x-mine".into(), "one".into())], ..get(&server.url("/set")) };
    let response = broker.send(&first, request).await.unwrap();
    assert!(response.headers.contains(&("set-cookie".into(), "a=secret".into())), "the guest sees it");
    let second = grant(parts(&server.url("")));
    let seen = String::from_utf8(broker.send(&second, get(&server.url("/show"))).await.unwrap().body).unwrap();
    assert!(!seen.contains("secret") && !seen.contains("x-mine") && !seen.contains("referer"), "{seen}");
    assert!(seen.contains(&server.address.to_string()) && seen.contains("trigger-host/"), "{seen}");
}

#[tokio::test]
async fn bodies_and_statuses_pass_through() {
    let routes = Router::new().fallback(|seen: Seen| async move {
        let body = axum::body::to_bytes(seen.into_body(), 1 << 20).await.unwrap();
        (axum::http::StatusCode::IM_A_TEAPOT, [("x-reply", "yes")], body)
    });
    let server = Server::start(routes).await;
    let request = Request { method: "POST".into(), body: Some(b"\0binary\xff".to_vec()), ..get(&server.url("/")) };
    let response = open().send(&grant(parts(&server.url(""))), request).await.unwrap();
    assert_eq!((response.status, response.body.as_slice()), (418, &b"\0binary\xff"[..]));
    assert!(response.headers.contains(&("x-reply".into(), "yes".into())));
}
