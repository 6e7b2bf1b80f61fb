//! What a trigger hears of a directory, on the page `sources-directory` of `tests/texts`.

use std::io;

use serde_json::{Value, json};
use stream_rules::StreamKey;
use texts::{check, every, examples};

use super::listing::ListError;
use super::parameters::select;
use crate::source::Wanted;

#[test]
fn texts_of_directories() {
    let list = every!(crate::directory::listing::ListError {
        ListError::Read(_) => ListError::Read(io::Error::from(io::ErrorKind::PermissionDenied)),
        ListError::TooMany => ListError::TooMany,
    });
    let refused =
        |parameters: &Value| select(&Wanted { source: "inbox", parameters, key: &StreamKey::global("k") }).unwrap_err();
    let parameters = [
        json!(7),
        json!({"folder": 7}),
        json!({"foldr": "in"}),
        json!({"folder": "../in"}),
        json!({"folder": "/in"}),
        json!({"pattern": "[a"}),
        json!({"pattern": "a".repeat(201)}),
    ];
    let parameters = parameters.map(|value| (value.to_string(), refused(&value)));
    check("sources-directory", &[list, examples("parameters of a stream", parameters)]);
}
