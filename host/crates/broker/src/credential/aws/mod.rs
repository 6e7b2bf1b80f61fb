//! Connections of type `aws`: a signature of each request (Signature Version 4).
//!
//! | from | what |
//! | --- | --- |
//! | login and password, or extra `aws_access_key_id` and `aws_secret_access_key` | the keys |
//! | extra `aws_session_token` | the token of temporary keys |
//! | extra `region_name`, `service_name` | where the signature counts, if the name of the origin does not say it |
//!
//! Invariant: a connection is used for its `endpoint_url`, or over TLS for names below `amazonaws.com`.

mod sigv4;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use trigger_host_types::http::Error;
use url::{Host, Url};

use self::sigv4::Signing;
use super::{Authorize, Kind, Lent, Outgoing};
use crate::origin::Origin;

pub(super) const KIND: Kind = Kind { conn_types: &["aws"], read: |lent, secrets| Ok(Box::new(read(&lent, secrets)?)) };

/// Keys of access, and where they count.
struct Aws {
    key_id: String,
    secret: SecretString,
    token: Option<SecretString>,
    region: String,
    service: Option<String>,
}

impl Authorize for Aws {
    fn names(&self) -> Vec<HeaderName> {
        sigv4::HEADERS.iter().copied().map(HeaderName::from_static).collect()
    }

    fn headers(&self, outgoing: &Outgoing<'_>) -> Result<Vec<(HeaderName, SecretString)>, Error> {
        let service = self.find_service(outgoing.headers).map_err(|what| Error::Other(what.to_owned()))?;
        let body = outgoing.request.body.as_deref().unwrap_or_default();
        let signing = Signing { aws: self, service: &service, now: outgoing.now };
        let headers = signing.headers(&outgoing.request.method, outgoing.url, outgoing.headers, body).into_iter();
        Ok(headers.map(|(name, value)| (HeaderName::from_static(name), value.into())).collect())
    }
}

impl Aws {
    /// The service a request is for.
    fn find_service(&self, headers: &HeaderMap) -> Result<String, &'static str> {
        if let Some(service) = &self.service {
            return Ok(service.clone());
        }
        let target = headers.get("x-amz-target").and_then(|target: &HeaderValue| target.to_str().ok());
        if target.is_some_and(|target| target.starts_with("AmazonSQS.")) {
            return Ok("sqs".to_owned());
        }
        Err("the AWS connection does not say which service its `endpoint_url` is: write `service_name` into its extra")
    }
}

fn read(lent: &Lent<'_>, secrets: &mut Vec<SecretString>) -> Result<Aws, String> {
    let Lent { connection, extra, origin } = lent;
    let text = |key: &str| extra.get(key).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned);
    if text("role_arn").is_some() || text("profile_name").is_some() {
        return Err(
            "its extra names a role or profile, which the host cannot assume: give it the keys themselves".to_owned()
        );
    }
    let login = connection.login.clone().filter(|login| !login.is_empty());
    let password = connection.password.clone().filter(|password| !password.expose_secret().is_empty());
    let key_id =
        login.or_else(|| text("aws_access_key_id")).ok_or("it has no access key: write its id as the login")?;
    let secret = password.or_else(|| text("aws_secret_access_key").map(SecretString::from));
    let secret = secret.ok_or("it has no secret access key: write it as the password")?;
    let token = text("aws_session_token").map(SecretString::from);
    secrets.push(secret.clone());
    secrets.extend(token.clone());
    let (service, region) = match origin.host() {
        Host::Domain(name) => split_name(name),
        _ => (None, None),
    };
    if text("endpoint_url").is_some() || service.is_none() || !origin.is_https() {
        check_endpoint(text("endpoint_url"), origin)?;
    }
    let region = text("region_name").or(region).ok_or("it names no region: write `region_name` into its extra")?;
    Ok(Aws { key_id, secret, token, region, service: text("service_name").or(service) })
}

fn check_endpoint(endpoint: Option<String>, origin: &Origin) -> Result<(), String> {
    let endpoint = endpoint.ok_or("the grant's origin is not one of AWS: write it as `endpoint_url` into the extra")?;
    let endpoint = Url::parse(&endpoint).ok().and_then(|url| Origin::from_url(&url));
    if endpoint.as_ref() == Some(origin) {
        Ok(())
    } else {
        Err("its `endpoint_url` is not the grant's origin".to_owned())
    }
}

/// Service and region of a name such as `sqs.eu-west-1.amazonaws.com` or `bucket.s3.eu-west-1.amazonaws.com`.
fn split_name(name: &str) -> (Option<String>, Option<String>) {
    let stem = name.strip_suffix(".amazonaws.com").or_else(|| name.strip_suffix(".amazonaws.com.cn"));
    let Some(stem) = stem else { return (None, None) };
    let labels: Vec<&str> = stem.rsplit('.').collect();
    match labels.as_slice() {
        [service] => (Some((*service).to_owned()), Some("us-east-1".to_owned())),
        [region, service, ..] => (Some((*service).to_owned()), Some((*region).to_owned())),
        [] => (None, None),
    }
}

#[cfg(test)]
impl Aws {
    fn for_test(key_id: &str, secret: &str, token: Option<&str>, region: &str) -> Self {
        let token = token.map(SecretString::from);
        Self { key_id: key_id.to_owned(), secret: secret.into(), token, region: region.to_owned(), service: None }
    }
}

#[cfg(test)]
mod tests {
    use trigger_host_types::Connection;

    use super::*;

    #[test]
    fn an_aws_connection_is_for_aws_or_its_endpoint() {
        let read = |extra: &str, at: &str| -> Result<_, String> {
            let connection = Connection {
                conn_type: "aws".into(),
                login: Some("AKIDEXAMPLE".into()),
                password: Some("canary-secret".into()),
                extra: Some(extra.into()),
                ..Connection::default()
            };
            let (extra, origin) = (super::super::parse_extra(&connection)?, at.parse().unwrap());
            read(&Lent { connection: &connection, extra, origin: &origin }, &mut Vec::new())
                .map(|aws| (aws.service, aws.region))
        };
        let is = |service: Option<&str>, region: &str| Ok((service.map(str::to_owned), region.to_owned()));
        assert_eq!(read("", "https://sqs.eu-west-1.amazonaws.com"), is(Some("sqs"), "eu-west-1"));
        assert_eq!(read("", "https://b.s3.eu-west-1.amazonaws.com"), is(Some("s3"), "eu-west-1"));
        assert_eq!(read("", "https://iam.amazonaws.com"), is(Some("iam"), "us-east-1"));
        let local = r#"{"region_name": "eu-west-1", "endpoint_url": "http://127.0.0.1:5000"}"#;
        assert_eq!(read(local, "http://127.0.0.1:5000"), is(None, "eu-west-1"));
        for (extra, at) in [
            ("", "https://amazonaws.com.example.com"),
            ("", "https://evilamazonaws.com"),
            (r#"{"region_name": "a"}"#, "http://sqs.eu-west-1.amazonaws.com"),
            (local, "http://127.0.0.1:5001"),
            (local, "https://sqs.eu-west-1.amazonaws.com"),
            (r#"{"role_arn": "canary-secret"}"#, "https://sqs.eu-west-1.amazonaws.com"),
            (r#"["canary-secret"]"#, "https://sqs.eu-west-1.amazonaws.com"),
        ] {
            let Err(error) = read(extra, at) else { panic!("{extra} {at}: it is used") };
            assert!(!error.contains("canary"), "{error}");
        }
    }
}
