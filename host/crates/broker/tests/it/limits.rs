//! Caps, deadlines and places.

use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Path;
use axum::routing::get as on_get;
use broker::{Broker, BrokerConfig};
use tokio::sync::Semaphore;
use trigger_host_types::http::{Error, Request};

use crate::server::{Server, get, grant, open, parts, refused};

#[tokio::test]
async fn answers_are_capped_as_they_come_and_decoded() {
    let zeros = vec![0_u8; 1 << 20];
    let mut encoder = flate2::write::GzEncoder::new(vec![], flate2::Compression::best());
    encoder.write_all(&zeros).unwrap();
    let bomb = encoder.finish().unwrap();
    assert!(bomb.len() < 4096, "small on the wire");
    let routes = Router::new()
        .route("/bomb", on_get(move || async move { ([("content-encoding", "gzip")], bomb.clone()) }))
        .route(
            "/endless",
            on_get(|| async {
                Body::from_stream(futures_util::stream::repeat_with(|| Ok::<_, std::io::Error>(vec![0_u8; 1024])))
            }),
        )
        .route("/{size}", on_get(|Path(size): Path<usize>| async move { "x".repeat(size) }));
    let server = Server::start(routes).await;
    let mut parts = parts(&server.url(""));
    parts.max_response = Some(5000);
    let grants = grant(parts);
    for path in ["/bomb", "/endless", "/5001"] {
        assert_eq!(refused(open().send(&grants, get(&server.url(path))).await), Error::TooLarge(5000), "{path}");
    }
    assert_eq!(open().send(&grants, get(&server.url("/5000"))).await.unwrap().body.len(), 5000);
}

#[tokio::test]
async fn requests_are_capped_before_anything_is_sent() {
    let server = Server::start(Router::new()).await;
    let mut parts = parts(&server.url(""));
    parts.max_request = Some(10);
    let request = Request { method: "POST".into(), body: Some(vec![0; 11]), ..get(&server.url("/")) };
    assert!(
        matches!(refused(open().send(&grant(parts), request).await), Error::Budget(text) if text.contains("max-request"))
    );
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn the_shorter_deadline_ends_the_whole_exchange() {
    // Sends its head at once and its body never.
    let routes = Router::new().route(
        "/",
        on_get(|| async { Body::from_stream(futures_util::stream::pending::<std::io::Result<Vec<u8>>>()) }),
    );
    let server = Server::start(routes).await;
    let limit = Duration::from_millis(50);
    let request = Request { timeout: Some(limit), ..get(&server.url("/")) };
    assert_eq!(refused(open().send(&grant(parts(&server.url(""))), request).await), Error::Deadline(limit));
    let mut parts = parts(&server.url(""));
    parts.timeout = Some(limit);
    let request = Request { timeout: Some(Duration::from_secs(3600)), ..get(&server.url("/")) };
    assert_eq!(refused(open().send(&grant(parts), request).await), Error::Deadline(limit));
}

/// A server that holds every request until told, and remembers how many it held at once.
async fn holding() -> (Server, Arc<AtomicUsize>, Arc<AtomicUsize>, Arc<Semaphore>) {
    let (now, most, go) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)), Arc::new(Semaphore::new(0)));
    let (n, m, g) = (now.clone(), most.clone(), go.clone());
    let routes = Router::new().route(
        "/{name}",
        on_get(move |Path(name): Path<String>| async move {
            m.fetch_max(n.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            g.acquire().await.unwrap().forget();
            n.fetch_sub(1, Ordering::SeqCst);
            name
        }),
    );
    (Server::start(routes).await, now, most, go)
}

async fn until(condition: impl Fn() -> bool) {
    while !condition() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn send_all_keeps_order_and_the_grants_places() {
    let (server, now, most, go) = holding().await;
    let mut parts = parts(&server.url(""));
    parts.max_in_flight = Some(3);
    let grants = grant(parts);
    let mut requests: Vec<_> = (0..10).map(|at| get(&server.url(&format!("/{at}")))).collect();
    requests[4].method = "PUT".into();
    let broker = open();
    let sending = broker.send_all(&grants, requests);
    let release = async {
        until(|| now.load(Ordering::SeqCst) == 3).await;
        for _ in 0..9 {
            until(|| now.load(Ordering::SeqCst) > 0).await;
            go.add_permits(1);
        }
    };
    let (results, ()) = tokio::join!(sending, release);
    assert_eq!(most.load(Ordering::SeqCst), 3);
    for (at, result) in results.into_iter().enumerate() {
        match result {
            Ok(response) => assert_eq!(response.body, at.to_string().as_bytes()),
            Err(error) => assert!(at == 4 && matches!(error, Error::NotGranted(_)), "{at}: {error}"),
        }
    }
}

#[tokio::test]
async fn one_busy_grant_leaves_places_to_another() {
    let (server, now, most, go) = holding().await;
    let broker = Broker::new(BrokerConfig { total_in_flight: 3, ..BrokerConfig::default() }).unwrap();
    let mut few = parts(&server.url(""));
    few.max_in_flight = Some(2);
    let (busy, calm) = (grant(few.clone()), grant(few));
    let many: Vec<_> = (0..50).map(|at| get(&server.url(&format!("/{at}")))).collect();
    let calm_url = server.url("/calm");
    let short = Request { timeout: Some(Duration::from_millis(20)), ..get(&server.url("/none")) };
    let flood = broker.send_all(&busy, many);
    let other = async {
        until(|| now.load(Ordering::SeqCst) == 2).await;
        assert!(
            matches!(refused(broker.send(&busy, short).await), Error::Budget(text) if text.contains("max-in-flight"))
        );
        let calm_request = broker.send(&calm, get(&calm_url));
        let check = until(|| now.load(Ordering::SeqCst) == 3);
        let release = async {
            check.await;
            go.add_permits(100);
        };
        let (answer, ()) = tokio::join!(calm_request, release);
        assert_eq!(answer.unwrap().body, b"calm");
    };
    let (answers, ()) = tokio::join!(flood, other);
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(most.load(Ordering::SeqCst), 3);
}
