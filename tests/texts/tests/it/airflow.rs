//! Why Airflow cannot be asked, and what a guest hears of it.

use std::time::Duration;

use execution_api::{ApiError, ConfigError};
use texts::{check, every};
use trigger_host_types::{ConnectionError, Digest, JobId, airflow, http};

fn words() -> String {
    "the server's own words".into()
}

#[test]
fn texts_of_the_execution_api() {
    // Whoever came first has installed it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let calls = every!(execution_api::ApiError {
        ApiError::Transport { .. } => ApiError::Transport { what: "connection refused".into() },
        ApiError::Deadline(_) => ApiError::Deadline(Duration::from_secs(5)),
        ApiError::Busy { .. } => ApiError::Busy { status: 503, retry_after: None },
        ApiError::Server { .. } => ApiError::Server { status: 500, what: words() },
        ApiError::Auth { .. } => ApiError::Auth { status: 403, what: words() },
        ApiError::Token { .. } => ApiError::Token { what: "set `[api] jwt-secret`".into() },
        ApiError::JobGone(_) => ApiError::JobGone(JobId(7)),
        ApiError::NoApi => ApiError::NoApi,
        ApiError::NotTheApi { .. } => ApiError::NotTheApi { what: "a page of HTML".into() },
        ApiError::NotFound { .. } => ApiError::NotFound { what: words() },
        ApiError::Rejected { .. } => ApiError::Rejected { status: 422, reason: None, what: words() },
        ApiError::NotTried => ApiError::NotTried,
        ApiError::Unsendable { .. } => ApiError::Unsendable { what: "the id of a connection is empty".into() },
        ApiError::TooLarge(_) => ApiError::TooLarge(1 << 20),
    });
    let configuration = every!(execution_api::ConfigError {
        ConfigError::Url { .. } => ConfigError::Url { key: "url" },
        ConfigError::Timeout { .. } => ConfigError::Timeout { key: "timeout" },
        ConfigError::Token { .. } => ConfigError::Token { what: "the secret is empty".into() },
        ConfigError::Http(_) => ConfigError::Http(reqwest::Client::new().get("http://[").build().unwrap_err()),
    });
    check("execution-api", &[calls, configuration]);
}

#[test]
fn texts_that_guests_hear() {
    let connections = every!(trigger_host_types::ConnectionError {
        ConnectionError::Unknown(_) => ConnectionError::Unknown("jobs".into()),
        ConnectionError::Unavailable(_) => ConnectionError::Unavailable("jobs".into()),
        ConnectionError::Refused(_) => ConnectionError::Refused("jobs".into()),
        ConnectionError::Unusable(_, _) => ConnectionError::Unusable("jobs".into(), "its port is not a TCP port"),
    });
    let requests = every!(trigger_host_types::http::Error {
        http::Error::NotGranted(_) => http::Error::NotGranted("what grant is missing".into()),
        http::Error::Invalid(_) => http::Error::Invalid("what is malformed".into()),
        http::Error::Budget(_) => http::Error::Budget("which budget".into()),
        http::Error::TooLarge(_) => http::Error::TooLarge(1 << 20),
        http::Error::Deadline(_) => http::Error::Deadline(Duration::from_secs(5)),
        http::Error::Unreachable(_) => http::Error::Unreachable("the connection failed".into()),
        http::Error::Other(_) => http::Error::Other("anything else".into()),
    });
    let asks = every!(trigger_host_types::airflow::Error {
        airflow::Error::NotGranted(_) => airflow::Error::NotGranted("what grant is missing".into()),
        airflow::Error::NotFound(_) => airflow::Error::NotFound("what is not there".into()),
        airflow::Error::Invalid(_) => airflow::Error::Invalid("what is malformed".into()),
        airflow::Error::Budget(_) => airflow::Error::Budget("which budget".into()),
        airflow::Error::TooLarge(_) => airflow::Error::TooLarge(1 << 20),
        airflow::Error::Deadline(_) => airflow::Error::Deadline(Duration::from_secs(5)),
        airflow::Error::Unreachable(_) => airflow::Error::Unreachable("the connection failed".into()),
        airflow::Error::Other(_) => airflow::Error::Other("anything else".into()),
    });
    let digests = ["", "sha256:00", "md5:0"].map(|text| (text, text.parse::<Digest>().unwrap_err()));
    check("guests", &[connections, requests, asks, texts::examples("trigger_host_types::DigestError", digests)]);
}
