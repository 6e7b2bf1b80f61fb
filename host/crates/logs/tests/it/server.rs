//! The log server on a real socket: every recorded exchange, and what a stranger may try.

use std::io::{Read as _, Write as _};
use std::net::SocketAddr;
use std::sync::Arc;

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use logs::{Folder, LogServer};
use serde_json::{Value, json};
use trigger_host_types::VirtualClock;

use crate::fixture::{NOW, fixture};

const SECRET: &str = "contract-fixture-api-secret-key-0123456789abcdef0123456789abcdef0123456789abc";

struct Server {
    address: SocketAddr,
    folder: tempfile::TempDir,
    runtime: tokio::runtime::Runtime,
}

struct Answer {
    status: u16,
    head: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Server {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let logs = Arc::new(Folder::open(&folder.path().join("logs"), 0o664, 0o775).unwrap());
        let server = LogServer::new(logs, &SECRET.into(), Arc::new(VirtualClock::new(NOW)));
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        runtime.spawn(server.serve(listener, std::future::pending()));
        Self { address, folder, runtime }
    }

    fn write(&self, path: &str, content: &[u8]) {
        let path = self.folder.path().join("logs").join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    fn ask(&self, method: &str, path: &str, head: &[(&str, &str)]) -> Answer {
        let mut stream = std::net::TcpStream::connect(self.address).unwrap();
        let head: String = head.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        write!(stream, "{method} {path} HTTP/1.1\r\nhost: h\r\n{head}\r\n").unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap();
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
        let text = String::from_utf8(bytes[..end].to_vec()).unwrap();
        let mut lines = text.split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let head = lines.map(|line| line.split_once(": ").unwrap()).map(|(name, value)| (name.into(), value.into()));
        Answer { status, head: head.collect(), body: bytes[end + 4..].to_vec() }
    }

    fn get(&self, path: &str, file: &str) -> Answer {
        self.ask("GET", path, &[("authorization", &sign(&claims(file), SECRET, Algorithm::HS512))])
    }
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        self.head.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

fn claims(file: &str) -> Value {
    let now = NOW / 1_000;
    json!({"filename": file, "aud": "task-instance-logs", "iat": now, "nbf": now, "exp": now + 30, "jti": "0"})
}

fn sign(claims: &Value, secret: &str, algorithm: Algorithm) -> String {
    jsonwebtoken::encode(&Header::new(algorithm), claims, &EncodingKey::from_secret(secret.as_bytes())).unwrap()
}

/// What was sent in the recorded exchange of this name.
fn authorization(name: &str, path: &str, file: &str) -> Option<String> {
    let now = NOW / 1_000;
    let mut claims = claims(
        &percent_encoding::percent_decode_str(path.strip_prefix("/log/").unwrap_or(path)).decode_utf8().unwrap(),
    );
    let (mut secret, mut algorithm) = (SECRET, Algorithm::HS512);
    match name {
        "no_auth" => return None,
        "bearer_prefix" => return Some(format!("Bearer {}", sign(&claims, secret, algorithm))),
        "wrong_filename" => claims["filename"] = json!("other.log"),
        "leading_slash_filename" => claims["filename"] = json!(format!("/{file}")),
        "no_filename" => drop(claims.as_object_mut().unwrap().remove("filename")),
        "wrong_audience" => claims["aud"] = json!("urn:airflow.apache.org:task"),
        "wrong_key" => secret = "another",
        "hs256" => algorithm = Algorithm::HS256,
        "expired_20s" => claims["exp"] = json!(now - 20),
        "expired_40s" => claims["exp"] = json!(now - 40),
        "future_20s" | "future_60s" => {
            let later = now + name["future_".len()..name.len() - 1].parse::<u64>().unwrap();
            (claims["iat"], claims["nbf"], claims["exp"]) = (json!(later), json!(later), json!(later + 30));
        }
        "no_nbf" => drop(claims.as_object_mut().unwrap().remove("nbf")),
        "with_issuer_claim" => claims["iss"] = json!("somebody"),
        "ok" | "ok_percent_encoded" | "missing_file" | "directory" | "dotdot" | "range" | "head" | "post" | "root" => {}
        other => panic!("an exchange nobody knows: {other}"),
    }
    Some(sign(&claims, secret, algorithm))
}

#[test]
fn every_recorded_exchange_is_answered_as_airflow_does() {
    let (server, recorded) = (Server::new(), fixture("log_server.json"));
    let file = recorded["relative_path"].as_str().unwrap();
    let exchanges = recorded["exchanges"].as_array().unwrap();
    server.write(file, exchanges[0]["body"].as_str().unwrap().as_bytes());
    std::fs::write(server.folder.path().join("airflow.cfg"), "secret").unwrap();
    for exchange in exchanges {
        let text = |name: &str| exchange[name].as_str().unwrap();
        let authorization = authorization(text("name"), text("path"), file);
        let mut head: Vec<(&str, &str)> = authorization.iter().map(|token| ("authorization", token.as_str())).collect();
        if text("name") == "range" {
            head.push(("range", "bytes=0-9"));
        }
        let answer = server.ask(text("method"), text("path"), &head);
        assert_eq!(answer.status, exchange["status"], "{exchange}");
        assert_eq!(String::from_utf8_lossy(&answer.body), text("body"), "{exchange}");
        for (name, expected) in exchange["headers"].as_object().unwrap() {
            let found = answer.header(name).unwrap_or_else(|| panic!("{name} is missing: {exchange}"));
            match name.as_str() {
                "last-modified" => assert!(found.ends_with(" GMT") && found.len() == 29, "{found}"),
                "etag" => assert!(found.starts_with('"') && found.ends_with('"'), "{found}"),
                _ => assert_eq!(found, expected, "{name}: {exchange}"),
            }
        }
        assert_eq!(answer.header("transfer-encoding"), None);
    }
}

#[test]
fn airflows_own_token_opens_its_file() {
    let (server, token) = (Server::new(), fixture("jwt.json")["log_server"].clone());
    let file = token["claims"]["filename"].as_str().unwrap();
    server.write(file, b"{}\n");
    let head = [("authorization", token["authorization_header"].as_str().unwrap())];
    assert_eq!(server.ask("GET", &format!("/log/{file}"), &head).status, 200);
    assert_eq!(server.ask("GET", "/log/other.log", &head).status, 403);
}

#[test]
fn a_token_opens_no_way_out_of_the_folder() {
    let server = Server::new();
    std::fs::write(server.folder.path().join("secret"), "secret").unwrap();
    server.write("a/x.log", b"fine");
    let inside = server.folder.path().join("logs");
    std::os::unix::fs::symlink(server.folder.path().join("secret"), inside.join("out.log")).unwrap();
    std::os::unix::fs::symlink("a", inside.join("link")).unwrap();
    for (path, file, status) in [
        ("/log/../secret", "../secret", 404),
        ("/log/a/%2e%2e/%2e%2e/secret", "a/../../secret", 404),
        ("/log/%2Fetc%2Fpasswd", "/etc/passwd", 404),
        ("/log//etc/passwd", "/etc/passwd", 404),
        ("/log/a%00/x.log", "a\0/x.log", 404),
        ("/log/a/./x.log", "a/./x.log", 404),
        ("/log/out.log", "out.log", 404),
        ("/log/", "", 404),
        ("/log/a", "a", 404),
        ("/log/%ff", "\u{fffd}", 404),
        ("/log/link/x.log", "link/x.log", 200),
        ("/log/a/x.log?page=2", "a/x.log", 200),
        ("/log/a/x.log", "a%2Fx.log", 403),
        ("/log/a%252Fx.log", "a/x.log", 403),
    ] {
        let answer = server.get(path, file);
        assert_eq!(answer.status, status, "{path}");
        assert!(!answer.body.windows(6).any(|window| window == b"secret"), "{path}");
    }
}

#[test]
fn a_large_log_comes_whole_and_in_parts() {
    let server = Server::new();
    let content: Vec<u8> = (0..3_000_000_u32).flat_map(u32::to_le_bytes).collect();
    server.write("large.log", &content);
    let token = sign(&claims("large.log"), SECRET, Algorithm::HS512);
    let head = [("authorization", token.as_str())];
    let whole = server.ask("GET", "/log/large.log", &head);
    assert!(whole.body == content && whole.header("content-length") == Some("12000000"));
    let part = server.ask("GET", "/log/large.log", &[head[0], ("range", "bytes=5000000-5999999")]);
    assert!(part.status == 206 && part.body == content[5_000_000..6_000_000]);
    let end = server.ask("GET", "/log/large.log", &[head[0], ("range", "bytes=-4")]);
    assert_eq!((end.status, end.body), (206, content[content.len() - 4..].to_vec()));
    let beyond = server.ask("GET", "/log/large.log", &[head[0], ("range", "bytes=12000000-")]);
    assert_eq!((beyond.status, beyond.header("content-range")), (416, Some("bytes */12000000")));
    let other = server.ask("GET", "/log/large.log", &[head[0], ("range", "bytes=0-3"), ("if-range", "\"older\"")]);
    assert_eq!((other.status, other.body.len()), (200, content.len()));
    drop(server.runtime);
}

#[test]
fn who_is_slow_or_talks_too_much_holds_nobody_up() {
    let server = Server::new();
    server.write("x.log", b"fine");
    // Many that say nothing: the next one is answered all the same.
    let idle: Vec<_> = (0..40).map(|_| std::net::TcpStream::connect(server.address).unwrap()).collect();
    let long = "x".repeat(64 << 10);
    let refused = server.ask("GET", &format!("/log/{long}"), &[]);
    assert!((400..500).contains(&refused.status), "{}", refused.status);
    assert_eq!(server.get("/log/x.log", "x.log").body, b"fine");
    drop(idle);
}
