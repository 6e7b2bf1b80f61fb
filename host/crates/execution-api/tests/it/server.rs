//! A scripted HTTP server: answers each request with what a closure says, keeps connections open, remembers everything.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use execution_api::{Client, ClientConfig};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use url::Url;

/// One request as it came in.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) connection: usize,
    pub(crate) method: String,
    pub(crate) path: String,
    /// Lower-case names.
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        if self.body.is_empty() { serde_json::Value::Null } else { serde_json::from_slice(&self.body).unwrap() }
    }
}

/// What to do with a request.
pub(crate) enum Reply {
    /// Status, further headers, body.
    Answer(u16, Vec<(&'static str, String)>, Vec<u8>),
    /// Close the connection without a word.
    Hang,
    /// Say nothing, and keep the connection open.
    Silence,
    /// Promise more than comes, then close.
    CutOff,
}

impl Reply {
    pub(crate) fn json(status: u16, body: &str) -> Self {
        Self::Answer(status, vec![("content-type", "application/json".into())], body.into())
    }

    pub(crate) fn html(status: u16) -> Self {
        Self::Answer(status, vec![("content-type", "text/html".into())], b"<html>Hello</html>".to_vec())
    }

    pub(crate) fn empty() -> Self {
        Self::Answer(204, Vec::new(), Vec::new())
    }

    pub(crate) fn with(self, name: &'static str, value: impl Into<String>) -> Self {
        match self {
            Self::Answer(status, mut headers, body) => {
                headers.push((name, value.into()));
                Self::Answer(status, headers, body)
            }
            other => other,
        }
    }
}

/// A running server; ends with the test's runtime.
pub(crate) struct Server {
    pub(crate) url: Url,
    seen: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    pub(crate) async fn start(script: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = Url::parse(&format!("http://{}/prefix/execution/", listener.local_addr().unwrap())).unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (script, remembered) = (Arc::new(script), Arc::clone(&seen));
        tokio::spawn(async move {
            let mut connection = 0;
            while let Ok((stream, _)) = listener.accept().await {
                connection += 1;
                let (script, seen) = (Arc::clone(&script), Arc::clone(&remembered));
                tokio::spawn(async move { serve(stream, connection, &*script, &seen).await });
            }
        });
        Self { url, seen }
    }

    /// Always the same reply.
    pub(crate) async fn always(reply: impl Fn() -> Reply + Send + Sync + 'static) -> Self {
        Self::start(move |_| reply()).await
    }

    pub(crate) fn config(&self) -> ClientConfig {
        ClientConfig::new(self.url.clone())
    }

    pub(crate) fn client(&self) -> Client {
        Client::new(self.config()).unwrap()
    }

    pub(crate) fn seen(&self) -> Vec<Request> {
        self.seen.lock().unwrap().clone()
    }

    pub(crate) fn last(&self) -> Request {
        self.seen().pop().expect("a request has come in")
    }
}

async fn serve(
    mut stream: TcpStream,
    connection: usize,
    script: &(dyn Fn(&Request) -> Reply + Send + Sync),
    seen: &Mutex<Vec<Request>>,
) {
    while let Some(request) = read(&mut stream, connection).await {
        let reply = script(&request);
        seen.lock().unwrap().push(request);
        match reply {
            Reply::Answer(status, headers, body) => {
                let mut head = format!("HTTP/1.1 {status} X\r\n");
                if status != 204 {
                    head += &format!("content-length: {}\r\n", body.len());
                }
                for (name, value) in headers {
                    head += &format!("{name}: {value}\r\n");
                }
                stream.write_all((head + "\r\n").as_bytes()).await.unwrap();
                // The client may hang up on an answer that is too large.
                let _ = stream.write_all(&body).await;
            }
            Reply::Hang => return,
            Reply::Silence => std::future::pending().await,
            Reply::CutOff => {
                stream.write_all(b"HTTP/1.1 200 X\r\ncontent-length: 100\r\n\r\n{").await.unwrap();
                return;
            }
        }
    }
}

async fn read(stream: &mut TcpStream, connection: usize) -> Option<Request> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break at + 4;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let mut lines = head.lines();
    let mut first = lines.next()?.split(' ');
    let (method, path) = (first.next()?.to_owned(), first.next()?.to_owned());
    let headers: BTreeMap<String, String> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
    while bytes.len() < end + length {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
    Some(Request { connection, method, path, headers, body: bytes[end..end + length].to_vec() })
}
