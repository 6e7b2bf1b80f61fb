//! Who may change something through the admin port, which has no passwords: programs on this machine.
//!
//! A request from elsewhere is refused, and so is one that a browser sends for a web page (it names its origin).

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, Request};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

/// Lets a request of this machine through.
pub(super) async fn from_here(ConnectInfo(peer): ConnectInfo<SocketAddr>, request: Request, next: Next) -> Response {
    if !peer.ip().to_canonical().is_loopback() {
        return (StatusCode::FORBIDDEN, "allowed only from the host's own machine: call its loopback address there\n")
            .into_response();
    }
    if request.headers().contains_key(header::ORIGIN) {
        return (StatusCode::FORBIDDEN, "not allowed from a web page: send no `origin` header\n").into_response();
    }
    next.run(request).await
}
