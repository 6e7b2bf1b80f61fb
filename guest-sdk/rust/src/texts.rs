//! The texts that an author reads, on the page `sdk` of `tests/texts`.

use texts::{Section, check, every, examples};

use crate::kwargs::{Fault, parse};
use crate::{
    AirflowError, DateTime, Duration, Error, ErrorContext as _, ParseDateTimeError, ParseDurationError, http, kwargs,
};

/// Kwargs of a trigger.
#[kwargs]
#[derive(Debug)]
#[expect(dead_code, reason = "only its errors matter")]
struct Sample {
    moment: DateTime,
    #[serde(default)]
    names: Vec<String>,
    #[serde(default)]
    wait: Option<Duration>,
    #[serde(default)]
    count: u8,
}

fn moment(text: &str) -> ParseDateTimeError {
    text.parse::<DateTime>().unwrap_err()
}

fn duration(text: &str) -> ParseDurationError {
    text.parse::<Duration>().unwrap_err()
}

fn response(body: &str) -> http::Response {
    http::Response { status: 502, headers: vec![], body: body.into() }
}

#[test]
fn texts_of_errors() {
    let limit = Duration::from_millis(5_000);
    let requests = every!(crate::http::Error {
        http::Error::NotGranted(_) => http::Error::NotGranted("what grant is missing".into()),
        http::Error::Invalid(_) => http::Error::Invalid("what is malformed".into()),
        http::Error::Budget(_) => http::Error::Budget("which budget".into()),
        http::Error::TooLarge(_) => http::Error::TooLarge(1 << 20),
        http::Error::Deadline(_) => http::Error::Deadline(limit),
        http::Error::Unreachable(_) => http::Error::Unreachable("the connection failed".into()),
        http::Error::Other(_) => http::Error::Other("anything else".into()),
    });
    let asks = every!(crate::airflow::Error {
        AirflowError::NotGranted(_) => AirflowError::NotGranted("what grant is missing".into()),
        AirflowError::NotFound(_) => AirflowError::NotFound("what is not there".into()),
        AirflowError::Invalid(_) => AirflowError::Invalid("what is malformed".into()),
        AirflowError::Budget(_) => AirflowError::Budget("which budget".into()),
        AirflowError::TooLarge(_) => AirflowError::TooLarge(1 << 20),
        AirflowError::Deadline(_) => AirflowError::Deadline(limit),
        AirflowError::Unreachable(_) => AirflowError::Unreachable("the connection failed".into()),
        AirflowError::Other(_) => AirflowError::Other("anything else".into()),
    });
    let status = ["", "bad gateway"].map(|body| (body, response(body).success().unwrap_err()));
    let body = ["", "{", "7"].map(|body| (body, response(body).json::<String>().unwrap_err()));
    let moments = ["", "tomorrow", "2026-01-31T12:00:00"].map(|text| (text, moment(text)));
    let durations = ["", "90", "P1M", "soon"].map(|text| (text, duration(text)));
    check(
        "sdk",
        &[
            requests,
            asks,
            examples("trigger_host_sdk::StatusError", status),
            examples("trigger_host_sdk::BodyError", body),
            examples("trigger_host_sdk::ParseDateTimeError", moments),
            examples("trigger_host_sdk::ParseDurationError", durations),
        ],
    );
}

#[test]
fn texts_of_kwargs() {
    let kwargs = [
        "7",
        "{}",
        r#"{"moment": 7}"#,
        r#"{"moment": "2026-01-31T12:00:00"}"#,
        r#"{"moment": "2026-01-31T12:00:00Z", "names": "a"}"#,
        r#"{"moment": "2026-01-31T12:00:00Z", "names": [1]}"#,
        r#"{"moment": "2026-01-31T12:00:00Z", "wait": "soon"}"#,
        r#"{"moment": "2026-01-31T12:00:00Z", "wait": [1]}"#,
        r#"{"moment": "2026-01-31T12:00:00Z", "count": 300}"#,
        r#"{"moment": "2026-01-31T12:00:00Z", "colour": "red"}"#,
    ];
    let kwargs = kwargs.map(|text| (text, format!("{:?}", parse::<Sample>(text).unwrap_err())));
    let fault = [("any", <Fault as serde::de::Error>::custom("any text"))];
    let failed: Result<(), Error> = Err(http::Error::Deadline(Duration::from_millis(5_000)).into());
    let context = failed.context("submit the job").unwrap_err();
    check(
        "sdk-kwargs",
        &[
            examples("trigger_host_sdk::Fault", fault),
            Section::new("kwargs", kwargs),
            Section::new("an error with its context", [("submit the job", format!("{context:?}"))]),
        ],
    );
}
