//! The log server: `GET /log/<path>` for Airflow's api-server. See docs/design/encodings.md#log-server.
//!
//! Invariants: nothing is sent without a token for that very path; only regular files below the folder are; connections
//! are bounded in number and each in time, and no file is in memory as a whole. The routes are axum's as elsewhere;
//! connections are accepted here, because `axum::serve` bounds neither their number, nor a request's head, nor the time
//! that either takes.

mod answer;
mod body;
mod range;
mod token;

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use secrecy::SecretString;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use trigger_host_types::Clock;

use self::answer::Shared;
use self::token::Tokens;
use crate::folder::Folder;

/// Connections at once; more wait to be accepted.
const CONNECTIONS: usize = 64;
/// For the head of a request.
const HEAD_WITHIN: Duration = Duration::from_secs(10);
/// For a whole connection: one request, one answer.
const WHOLE_WITHIN: Duration = Duration::from_secs(60);
/// Bytes of a request's head.
const MOST_HEAD: usize = 16 << 10;
/// After the system could not accept a connection, most often for want of descriptors.
const PAUSE: Duration = Duration::from_millis(100);

/// Serves the logs below a folder.
#[derive(Clone)]
pub struct LogServer(Router);

impl LogServer {
    /// `secret`: what the api-server signs its tokens with (`[api] secret_key`).
    pub fn new(folder: Arc<Folder>, secret: &SecretString, clock: Arc<dyn Clock>) -> Self {
        let shared = Shared { folder, tokens: Tokens::new(secret), clock };
        Self(Router::new().fallback(answer::answer).with_state(Arc::new(shared)))
    }

    /// Answers until `stop` is done; then connections that are open are dropped.
    pub async fn serve(self, listener: TcpListener, stop: impl Future<Output = ()>) {
        let places = Arc::new(Semaphore::new(CONNECTIONS));
        let mut connections = tokio::task::JoinSet::new();
        let mut stop = std::pin::pin!(stop);
        loop {
            // Every branch may be dropped: a connection that is not accepted yet stays with the system.
            let accepted = tokio::select! {
                () = &mut stop => return,
                Some(_) = connections.join_next() => continue,
                accepted = accept(&listener, &places) => accepted,
            };
            if let Some((stream, place)) = accepted {
                let server = self.clone();
                connections.spawn(async move {
                    server.connection(stream).await;
                    drop(place);
                });
            }
        }
    }

    async fn connection(self, stream: TcpStream) {
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new()).header_read_timeout(HEAD_WITHIN).max_buf_size(MOST_HEAD).keep_alive(false);
        let served =
            timeout(WHOLE_WITHIN, http.serve_connection(TokioIo::new(stream), TowerToHyperService::new(self.0))).await;
        if !matches!(served, Ok(Ok(()))) {
            tracing::debug!("A connection to the log server broke, or took too long.");
        }
    }
}

async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> Option<(TcpStream, tokio::sync::OwnedSemaphorePermit)> {
    let place = Arc::clone(places).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, _)) => Some((stream, place)),
        Err(_) => {
            tokio::time::sleep(PAUSE).await;
            None
        }
    }
}

impl fmt::Debug for LogServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogServer").finish_non_exhaustive()
    }
}
