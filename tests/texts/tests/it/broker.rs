//! What an operator has written wrong in a grant, and why the broker does not start.

use broker::{BrokerError, GrantError, OriginError};
use texts::{check, every};

fn origin(text: &str) -> OriginError {
    text.parse::<broker::Origin>().unwrap_err()
}

fn pattern(text: &str) -> broker::PatternError {
    text.parse::<broker::PathPattern>().unwrap_err()
}

#[test]
fn texts() {
    let origins = every!(broker::OriginError {
        OriginError::Form(_) => origin("https://jobs.example.com/v1"),
        OriginError::Scheme(_) => origin("ftp://jobs.example.com"),
        OriginError::Wildcard(_) => origin("https://*.example.com"),
        OriginError::AnyPort(_) => origin("http://jobs.example.com:*"),
    });
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
    check("broker", &[origins, grants]);
}
