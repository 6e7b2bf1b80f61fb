//! What an operator has written wrong in a grant or a connection, and what a guest hears of a request that is not sent.

use std::sync::Arc;

use async_trait::async_trait;
use broker::{Broker, BrokerConfig, BrokerError, GrantError, GrantParts, HttpGrant, Mask, OriginError, PatternError};
use texts::{Section, check, every, examples};
use trigger_host_types::http::Request;
use trigger_host_types::{ConnId, Connection, ConnectionError, Connections};

fn origin(text: &str) -> OriginError {
    text.parse::<broker::Origin>().unwrap_err()
}

fn pattern(text: &str) -> PatternError {
    text.parse::<broker::PathPattern>().unwrap_err()
}

#[test]
fn grants() {
    let origins = every!(broker::OriginError {
        OriginError::Form(_) => origin("https://jobs.example.com/v1"),
        OriginError::Scheme(_) => origin("ftp://jobs.example.com"),
        OriginError::Wildcard(_) => origin("https://*.example.com"),
        OriginError::AnyPort(_) => origin("http://jobs.example.com:*"),
    });
    let long = format!("/{}", "x".repeat(2_000));
    let patterns = ["v1/*", "/v1?all", "/v1/**x", "/v1/../x", "/v1/%2f", "/v1/%zz", "/v1/%00", "/v1/%252e", &long];
    let patterns = patterns.map(|text| (text.chars().take(20).collect::<String>(), pattern(text)));
    let grants = every!(broker::GrantError {
        GrantError::Origin(_) => GrantError::Origin(origin("jobs.example.com")),
        GrantError::NotPublic(_) => GrantError::NotPublic("http://10.0.0.1".parse().unwrap()),
        GrantError::NoMethod => GrantError::NoMethod,
        GrantError::Method(_) => GrantError::Method("get".into()),
        GrantError::NoPath => GrantError::NoPath,
        GrantError::Path(_) => GrantError::Path(pattern("v1")),
        GrantError::Connection => GrantError::Connection,
        GrantError::Range { .. } => GrantError::Range { key: "max-response", value: 0, least: 1, most: 1 << 30 },
    });
    let broker = every!(broker::BrokerError {
        BrokerError::TotalInFlight(_) => BrokerError::TotalInFlight(0),
        BrokerError::Tls(_) => BrokerError::Tls(rustls::Error::General("no certificates".into())),
    });
    check("broker-grants", &[origins, examples("broker::PatternError", patterns), grants, broker]);
}

/// Lends one connection, whatever is asked for.
struct Lender(Connection);

#[async_trait]
impl Connections for Lender {
    async fn connection(&self, _: &ConnId) -> Result<Connection, ConnectionError> {
        Ok(self.0.clone())
    }
}

const AT: &str = "https://jobs.example.com";

fn request(method: &str, url: &str) -> Request {
    Request { method: method.into(), url: url.into(), headers: vec![], body: None, connection: None, timeout: None }
}

fn grant() -> HttpGrant {
    let parts = GrantParts {
        origin: AT.into(),
        methods: vec!["GET".into(), "POST".into()],
        paths: Some(vec!["/v1/**".into()]),
        connection: Some("jobs".into()),
        max_request: Some(10),
        ..GrantParts::default()
    };
    HttpGrant::new(parts).unwrap()
}

/// What becomes of a request that cannot be sent.
async fn refuse(broker: &Broker, request: Request) -> String {
    let Err(refused) = broker.send(&[grant()], request).await else { panic!("it was sent") };
    refused.to_string()
}

#[tokio::test]
async fn requests() {
    let broker = Broker::new(BrokerConfig::default()).unwrap();
    let with_header = |name: &str, value: &str| Request {
        headers: vec![(name.into(), value.into())],
        ..request("GET", "https://jobs.example.com/v1/x")
    };
    let many =
        Request { headers: vec![("a".into(), "b".into()); 100], ..request("GET", "https://jobs.example.com/v1/x") };
    let long = format!("{AT}/v1/{}", "x".repeat(9_000));
    let mut texts = Vec::new();
    for (about, request) in [
        ("another origin", request("GET", "https://other.example.com/")),
        ("another method", request("DELETE", "https://jobs.example.com/v1/x")),
        ("another path", request("GET", "https://jobs.example.com/v2/x")),
        (
            "another connection",
            Request { connection: Some("other".into()), ..request("GET", "https://jobs.example.com/v1/x") },
        ),
        ("a URL of another scheme", request("GET", "ftp://jobs.example.com/")),
        ("a URL that is not absolute", request("GET", "/v1/x")),
        ("a URL without a host", request("GET", "https:///v1/x")),
        ("a URL with a user", request("GET", "https://me@jobs.example.com/v1/x")),
        ("a URL with a space", request("GET", "https://jobs.example.com/v1/a b")),
        ("a URL with an encoded slash", request("GET", "https://jobs.example.com/v1/..%2fx")),
        ("a URL with an encoded control character", request("GET", "https://jobs.example.com/v1/%00")),
        ("a URL with a separator that is encoded twice", request("GET", "https://jobs.example.com/v1/%252f")),
        ("a URL with a dot segment in disguise", request("GET", "https://jobs.example.com/v1/..;x/y")),
        ("a URL with a bad escape", request("GET", "https://jobs.example.com/v1/%zz")),
        ("a URL that is too long", request("GET", &long)),
        ("a reserved header", with_header("Host", "x")),
        ("a header whose name is not a token", with_header("a b", "x")),
        ("a header whose value is not ASCII", with_header("a", "é")),
        ("too many headers", many),
        ("too many bytes of headers", with_header("a", &"x".repeat(40_000))),
        (
            "a body that is too large",
            Request { body: Some(vec![0; 11]), ..request("POST", "https://jobs.example.com/v1/x") },
        ),
        (
            "a connection where none is lent",
            Request { connection: Some("jobs".into()), ..request("GET", "https://jobs.example.com/v1/x") },
        ),
    ] {
        texts.push((about, refuse(&broker, request).await));
    }
    check("broker-requests", &[Section::new("requests that are not sent", texts)]);
}

#[tokio::test]
async fn connections() {
    let broker = Broker::new(BrokerConfig::default()).unwrap();
    let kind = |conn_type: &str, extra: &str| Connection {
        conn_type: conn_type.into(),
        extra: Some(extra.into()),
        ..Connection::default()
    };
    let keys = |connection: Connection| Connection {
        login: Some("AKID".into()),
        password: Some("made-up".into()),
        ..connection
    };
    let mut texts = Vec::new();
    for (about, connection) in [
        ("a type that is not used for HTTP", kind("postgres", "")),
        ("http: an extra that is not JSON", kind("http", "{")),
        ("http: another host", Connection { host: Some("other.example.com".into()), ..keys(kind("http", "")) }),
        ("http: nothing to send", kind("http", "")),
        ("http: `headers` is a list", kind("http", r#"{"headers": []}"#)),
        ("http: a header that is a number", kind("http", r#"{"X-Key": 7}"#)),
        ("http: a header that is reserved", kind("http", r#"{"Host": "x"}"#)),
        ("http: a header with a line end", kind("http", r#"{"X-Key": "a\nb"}"#)),
        ("aws: no key", kind("aws", "")),
        ("aws: no secret key", kind("aws", r#"{"aws_access_key_id": "AKID"}"#)),
        ("aws: a role", keys(kind("aws", r#"{"role_arn": "arn:x"}"#))),
        ("aws: an origin that is not AWS's", keys(kind("aws", ""))),
        ("aws: another endpoint", keys(kind("aws", r#"{"endpoint_url": "https://other.example.com"}"#))),
        ("aws: no region", keys(kind("aws", r#"{"endpoint_url": "https://jobs.example.com"}"#))),
        (
            "aws: no service",
            keys(kind("aws", r#"{"endpoint_url": "https://jobs.example.com", "region_name": "eu-west-1"}"#)),
        ),
    ] {
        let lending = broker.lending(Arc::new(Lender(connection)), Mask::default());
        let request = Request { connection: Some("jobs".into()), ..request("GET", "https://jobs.example.com/v1/x") };
        texts.push((about, refuse(&lending, request).await));
    }
    check("broker-connections", &[Section::new("connections that cannot be used", texts)]);
}
