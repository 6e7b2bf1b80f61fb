//! `[trigger.grants]`: what a trigger may reach. Everything that is not written is denied.

use std::num::NonZeroUsize;
use std::time::Duration;

use airflow_asks::AirflowGrants;
use broker::{GrantError, GrantParts, HttpGrant};
use settings::document::{Fields, Node};
use settings::setting::Size;

use super::airflow_grants as airflow;

/// Keys of an HTTP grant that can be wrong by value; each is tried once.
const ATTEMPTS: usize = 10;

/// Reads the grants; wrong ones are reported and left out.
pub(super) fn read(mut fields: Fields<'_, '_>) -> (Vec<HttpGrant>, AirflowGrants) {
    let http = fields.list("http").iter().filter_map(|node| read_http(node, &mut fields)).collect();
    let airflow = airflow::read(&mut fields);
    fields.finish();
    (http, airflow)
}

fn read_http<'d>(node: &'d Node, above: &mut Fields<'d, '_>) -> Option<HttpGrant> {
    let mut fields = above.below(node, "http")?;
    let origin = fields.required("origin");
    let methods = fields.required("methods");
    let parts = GrantParts {
        paths: fields.take("paths"),
        connection: fields.take("connection"),
        private: fields.take("private").unwrap_or_default(),
        max_response: fields.take::<Size>("max-response").map(|size| size.0),
        max_request: fields.take::<Size>("max-request").map(|size| size.0),
        timeout: fields.take::<Duration>("timeout"),
        max_in_flight: fields.take::<NonZeroUsize>("max-in-flight").map(NonZeroUsize::get),
        // Stand-ins, so that the other keys are checked too.
        origin: origin.clone().unwrap_or_else(|| STAND_IN.into()),
        methods: methods.clone().unwrap_or_else(|| vec!["GET".into()]),
    };
    let grant = build_http(parts, &mut fields);
    fields.finish();
    grant.filter(|_| origin.is_some() && methods.is_some())
}

const STAND_IN: &str = "https://stand-in.invalid";

/// Makes the grant; every wrong value is reported, not only the first.
fn build_http(mut parts: GrantParts, fields: &mut Fields<'_, '_>) -> Option<HttpGrant> {
    for attempt in 0..ATTEMPTS {
        match HttpGrant::new(parts.clone()) {
            Ok(grant) => return (attempt == 0).then_some(grant),
            Err(error) => {
                let line = fields.line_of(error.key());
                fields.report(line, error.key(), error.to_string());
                replace_wrong(&mut parts, &error);
            }
        }
    }
    None
}

/// Puts a right value in the place of the wrong one.
fn replace_wrong(parts: &mut GrantParts, error: &GrantError) {
    match error.key() {
        "origin" => parts.origin = STAND_IN.into(),
        "methods" => parts.methods = vec!["GET".into()],
        "paths" => parts.paths = None,
        "connection" => parts.connection = None,
        "max-response" => parts.max_response = None,
        "max-request" => parts.max_request = None,
        "timeout" => parts.timeout = None,
        _ => parts.max_in_flight = None,
    }
}
