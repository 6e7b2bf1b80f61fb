//! A server that counts, and short ways to make grants and requests.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::serve::ListenerExt as _;
use broker::{Broker, BrokerConfig, GrantParts, HttpGrant, Lookup};
use tokio::net::TcpListener;
use trigger_host_types::http::{Error, Request, Response};

/// Where a server listens, and how many connections it has seen.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) connections: Arc<AtomicUsize>,
}

impl Server {
    pub(crate) async fn start(routes: Router) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&connections);
        let listener = listener.tap_io(move |_| {
            count.fetch_add(1, Ordering::SeqCst);
        });
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Self { address, connections }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

/// A grant for everything at an origin, private addresses included.
pub(crate) fn parts(origin: &str) -> GrantParts {
    let methods = ["GET", "POST"].map(str::to_owned).to_vec();
    GrantParts {
        origin: origin.to_owned(),
        methods,
        private: true,
        timeout: Some(Duration::from_secs(60)),
        ..GrantParts::default()
    }
}

pub(crate) fn grant(parts: GrantParts) -> Vec<HttpGrant> {
    vec![HttpGrant::new(parts).unwrap()]
}

pub(crate) fn get(url: &str) -> Request {
    Request { method: "GET".into(), url: url.into(), headers: vec![], body: None, connection: None, timeout: None }
}

pub(crate) fn open() -> Broker {
    Broker::new(BrokerConfig::default()).unwrap()
}

pub(crate) fn refused(result: Result<Response, Error>) -> Error {
    match result {
        Ok(response) => panic!("answered with {}", response.status),
        Err(error) => error,
    }
}

/// Answers one after the other, the last one for ever.
#[derive(Debug)]
pub(crate) struct Scripted(Vec<Vec<IpAddr>>, AtomicUsize);

impl Scripted {
    pub(crate) fn new(answers: &[&[&str]]) -> Arc<Self> {
        let parse = |answer: &&[&str]| answer.iter().map(|address| address.parse().unwrap()).collect();
        Arc::new(Self(answers.iter().map(parse).collect(), AtomicUsize::new(0)))
    }

    pub(crate) fn lookups(&self) -> usize {
        self.1.load(Ordering::SeqCst)
    }
}

#[async_trait::async_trait]
impl Lookup for Scripted {
    async fn lookup(&self, _host: &str) -> std::io::Result<Vec<IpAddr>> {
        let at = self.1.fetch_add(1, Ordering::SeqCst);
        Ok(self.0[at.min(self.0.len() - 1)].clone())
    }
}
