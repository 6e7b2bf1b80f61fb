//! Tokens: what is signed, when it is renewed, what happens when it is refused.

use std::sync::Arc;
use std::time::Duration;

use execution_api::{ApiError, Client, ConfigError, TokenSource};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use secrecy::SecretString;
use serde_json::{Value, json};
use trigger_host_types::{Clock, SystemClock, VirtualClock};
use uuid::Uuid;

use crate::server::{Reply, Server};

const AUDIENCE: &str = "urn:airflow.apache.org:task";

fn fixture() -> Value {
    serde_json::from_str::<Value>(include_str!("../../../../../tests/fixtures/jwt.json")).unwrap()["execution_api"]
        .take()
}

pub(crate) fn signed(issuer: Option<&str>) -> TokenSource {
    TokenSource::Secret {
        secret: SecretString::from(fixture()["secret"].as_str().unwrap()),
        audience: AUDIENCE.into(),
        subject: Uuid::nil(),
        issuer: issuer.map(str::to_owned),
        life: Duration::from_secs(600),
    }
}

/// Header and claims of a token that Airflow's own secret opens.
pub(crate) fn opened(authorization: &str) -> (Value, Value) {
    let token = authorization.strip_prefix("Bearer ").expect("a bearer token");
    let mut validation = Validation::new(Algorithm::HS512);
    validation.set_audience(&[AUDIENCE]);
    validation.set_required_spec_claims(&["aud", "exp"]);
    validation.validate_exp = false;
    let key = DecodingKey::from_secret(fixture()["secret"].as_str().unwrap().as_bytes());
    let opened = jsonwebtoken::decode::<Value>(token, &key, &validation).unwrap();
    (serde_json::to_value(opened.header).unwrap(), opened.claims)
}

async fn sent(server: &Server, client: &Client) -> String {
    client.cleanup().await.unwrap();
    server.last().header("authorization").to_owned()
}

fn client(server: &Server, token: TokenSource, clock: Arc<dyn Clock>) -> Client {
    let mut config = server.config();
    config.token = token;
    Client::with_clock(config, clock).unwrap()
}

#[tokio::test]
async fn a_signed_token_has_the_shape_of_airflows() {
    let fixture = fixture();
    let (header, claims) = opened(&format!("Bearer {}", fixture["token"].as_str().unwrap()));
    assert_eq!((&header, &claims), (&fixture["header"], &fixture["claims"]), "the reader of this test reads Airflow's");

    let server = Server::always(Reply::empty).await;
    let began = fixture["claims"]["iat"].as_u64().unwrap();
    let clock = Arc::new(VirtualClock::new(began * 1_000 + 999));
    let token = sent(&server, &client(&server, signed(None), clock.clone())).await;
    let (ours, mut claims) = opened(&token);
    assert_eq!(ours, fixture["header"]);
    let jti = claims["jti"].take();
    assert_eq!(
        claims,
        json!({"sub": Uuid::nil(), "jti": null, "aud": AUDIENCE, "nbf": began, "iat": began, "exp": began + 600})
    );
    let jti = jti.as_str().unwrap();
    assert!(jti.len() == 32 && jti.bytes().all(|byte| byte.is_ascii_hexdigit()), "{jti}");

    let issued = sent(&server, &client(&server, signed(Some("me")), clock)).await;
    assert_eq!(opened(&issued).1["iss"], "me");
}

#[tokio::test]
async fn a_signed_token_is_renewed_before_the_server_offers_to() {
    let server = Server::always(Reply::empty).await;
    let clock = Arc::new(VirtualClock::new(1_000_000_000));
    let client = client(&server, signed(None), clock.clone());
    let first = sent(&server, &client).await;
    clock.advance_to(1_000_000_000 + 419_000);
    assert_eq!(sent(&server, &client).await, first);
    clock.advance_to(1_000_000_000 + 420_000);
    let second = sent(&server, &client).await;
    assert_ne!(second, first);
    assert_eq!(opened(&second).1["exp"], 1_000_000 + 420 + 600);
}

#[tokio::test]
async fn a_refused_token_is_replaced_once() {
    let server = Server::always(|| Reply::json(403, r#"{"detail": "Invalid auth token"}"#)).await;
    let refused = client(&server, signed(None), Arc::new(SystemClock));
    assert!(matches!(refused.cleanup().await, Err(ApiError::Auth { status: 403, .. })));
    let tokens: Vec<String> = server.seen().iter().map(|request| request.header("authorization").to_owned()).collect();
    assert_eq!(tokens.len(), 2);
    assert_ne!(tokens[0], tokens[1]);

    // A refusal of the thing, not of the token.
    let server =
        Server::always(|| Reply::json(403, r#"{"detail": {"reason": "access_denied", "message": "no"}}"#)).await;
    let denied = client(&server, signed(None), Arc::new(SystemClock));
    assert_eq!(denied.cleanup().await.unwrap_err().reason(), Some("access_denied"));
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn a_refreshed_token_is_taken_over() {
    let clock = Arc::new(VirtualClock::new(1_795_176_148_000));
    let offered = fixture()["token"].as_str().unwrap().to_owned();
    let offer = offered.clone();
    let server = Server::start(move |_| Reply::json(200, "null").with("refreshed-api-token", offer.clone())).await;
    let client = client(&server, signed(None), clock.clone());
    let first = sent(&server, &client).await;
    assert_eq!(sent(&server, &client).await, format!("Bearer {offered}"));
    assert_ne!(first, format!("Bearer {offered}"));
    clock.advance_to(2_425_896_148_000);
    assert_ne!(sent(&server, &client).await, format!("Bearer {offered}"), "it has run out");
}

#[tokio::test]
async fn an_older_refreshed_token_is_ignored() {
    let offered = fixture()["token"].as_str().unwrap().to_owned();
    let server = Server::start(move |_| Reply::json(200, "null").with("refreshed-api-token", offered.clone())).await;
    let client = client(&server, signed(None), Arc::new(VirtualClock::new(3_000_000_000_000)));
    let first = sent(&server, &client).await;
    assert_eq!(sent(&server, &client).await, first);
}

#[tokio::test]
async fn a_token_file_is_read_again_when_it_changes_and_when_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token");
    std::fs::write(&path, "opaque-1\n").unwrap();
    let server = Server::start(|request| {
        if request.header("authorization") == "Bearer opaque-3" { Reply::json(401, "{}") } else { Reply::empty() }
    })
    .await;
    let client = client(&server, TokenSource::File(path.clone()), Arc::new(SystemClock));
    assert_eq!(sent(&server, &client).await, "Bearer opaque-1");
    std::fs::write(&path, "opaque-22").unwrap();
    assert_eq!(sent(&server, &client).await, "Bearer opaque-22");
    std::fs::remove_file(&path).unwrap();
    assert_eq!(sent(&server, &client).await, "Bearer opaque-22", "a rotation may take a moment");

    std::fs::write(&path, "opaque-3").unwrap();
    assert!(matches!(client.cleanup().await, Err(ApiError::Auth { .. })), "the file holds nothing better");
    let before = server.seen().len();
    std::fs::write(&path, "opaque-4").unwrap();
    assert_eq!(sent(&server, &client).await, "Bearer opaque-4");
    assert!(server.seen().len() <= before + 2);
}

#[tokio::test]
async fn a_token_file_that_cannot_work_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token");
    let server = Server::always(Reply::empty).await;
    let client = client(&server, TokenSource::File(path.clone()), Arc::new(SystemClock));
    // {"sub": "me"}: the server would answer 500.
    for content in [None, Some(""), Some("a\nb"), Some("x.eyJzdWIiOiAibWUifQ.y")] {
        if let Some(content) = content {
            std::fs::write(&path, content).unwrap();
        }
        let error = client.cleanup().await.unwrap_err();
        assert!(matches!(error, ApiError::Token { .. }), "{error}");
        assert!(error.to_string().contains("token"), "{error}");
    }
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn a_source_that_cannot_sign_is_refused_at_once() {
    let server = Server::always(Reply::empty).await;
    for (secret, life) in [("", 600), ("s", 0)] {
        let mut config = server.config();
        config.token = TokenSource::Secret {
            secret: SecretString::from(secret),
            audience: AUDIENCE.into(),
            subject: Uuid::nil(),
            issuer: None,
            life: Duration::from_secs(life),
        };
        assert!(matches!(Client::new(config), Err(ConfigError::Token { .. })));
    }
}

#[tokio::test]
async fn a_private_key_signs_as_airflow_does() {
    let fixture: Value = serde_json::from_str(include_str!("../../../../../tests/fixtures/private_keys.json")).unwrap();
    let server = Server::always(Reply::empty).await;
    for (name, algorithm) in [("rsa", Algorithm::RS256), ("ed25519", Algorithm::EdDSA)] {
        let recorded = &fixture["keys"][name];
        let source = |key_id: Option<&str>| TokenSource::PrivateKey {
            pem: SecretString::from(recorded["private_key"].as_str().unwrap()),
            key_id: key_id.map(str::to_owned),
            audience: AUDIENCE.into(),
            subject: Uuid::nil(),
            issuer: None,
            life: Duration::from_secs(600),
        };
        let public = recorded["public_key"].as_str().unwrap().as_bytes();
        let key = match algorithm {
            Algorithm::EdDSA => DecodingKey::from_ed_pem(public).unwrap(),
            _ => DecodingKey::from_rsa_pem(public).unwrap(),
        };
        let token = sent(&server, &client(&server, source(None), Arc::new(SystemClock))).await;
        let mut validation = Validation::new(algorithm);
        validation.set_audience(&[AUDIENCE]);
        let opened = jsonwebtoken::decode::<Value>(token.strip_prefix("Bearer ").unwrap(), &key, &validation).unwrap();
        assert_eq!(serde_json::to_value(&opened.header).unwrap(), recorded["header"], "{name}");
        let named = sent(&server, &client(&server, source(Some("k1")), Arc::new(SystemClock))).await;
        let header = jsonwebtoken::decode_header(named.strip_prefix("Bearer ").unwrap()).unwrap();
        assert_eq!(header.kid.as_deref(), Some("k1"));
    }
    let mut config = server.config();
    config.token = TokenSource::PrivateKey {
        pem: SecretString::from("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"),
        key_id: None,
        audience: AUDIENCE.into(),
        subject: Uuid::nil(),
        issuer: None,
        life: Duration::from_secs(600),
    };
    assert!(matches!(Client::new(config), Err(ConfigError::Token { .. })));
}
