//! AWS Signature Version 4 of one request.
//!
//! Source: "Signing AWS API requests" of the IAM User Guide; checked against AWS's published test vectors. Owns no
//! time: it is given.

use hmac::{Hmac, KeyInit as _, Mac as _};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode, percent_encode};
use reqwest::header::HeaderMap;
use secrecy::ExposeSecret as _;
use sha2::{Digest as _, Sha256};
use trigger_host_types::{UnixMs, hex};
use url::Url;

use super::Aws;

/// Headers that the signature writes.
pub(super) const HEADERS: [&str; 4] = ["authorization", "x-amz-date", "x-amz-security-token", "x-amz-content-sha256"];

/// What a value is escaped for: everything but unreserved characters.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// The same, and slashes stay.
const PATH: &AsciiSet = &UNRESERVED.remove(b'/');

/// Who signs, for which service, and when.
pub(super) struct Signing<'a> {
    pub(super) aws: &'a Aws,
    pub(super) service: &'a str,
    pub(super) now: UnixMs,
}

impl Signing<'_> {
    /// The headers to add to a request that has `headers`.
    pub(super) fn headers(
        &self,
        method: &str,
        url: &Url,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Vec<(&'static str, String)> {
        let stamp = stamp(self.now);
        let hash = hex::encode(&Sha256::digest(body));
        let mut added = vec![("x-amz-date", stamp.clone())];
        added.extend(self.aws.token.as_ref().map(|token| ("x-amz-security-token", token.expose_secret().to_owned())));
        if self.service == "s3" {
            added.push(("x-amz-content-sha256", hash.clone()));
        }
        let mut signed: Vec<(String, String)> = vec![("host".to_owned(), host(url))];
        signed.extend(added.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        for name in headers.keys().filter(|name| name.as_str() == "content-type" || name.as_str().starts_with("x-amz-"))
        {
            let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
            let values: Vec<String> = values.map(one_space).collect();
            signed.push((name.as_str().to_owned(), values.join(",")));
        }
        signed.sort_unstable();
        let names = signed.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(";");
        let lines: String = signed.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
        let path = canonical_path(url, self.service);
        let canonical = format!("{method}\n{path}\n{}\n{lines}\n{names}\n{hash}", canonical_query(url));

        let date = &stamp[..8];
        let (region, service) = (&self.aws.region, self.service);
        let scope = format!("{date}/{region}/{service}/aws4_request");
        let to_sign = format!("AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{}", hex::encode(&Sha256::digest(canonical)));
        let first = format!("AWS4{}", self.aws.secret.expose_secret());
        let key = [date, region, service, "aws4_request"]
            .iter()
            .fold(first.into_bytes(), |key, part| mac(&key, part.as_bytes()));
        let signature = hex::encode(&mac(&key, to_sign.as_bytes()));
        let authorization = format!(
            "AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={names}, Signature={signature}",
            self.aws.key_id
        );
        added.push(("authorization", authorization));
        added
    }
}

fn mac(key: &[u8], data: &[u8]) -> Vec<u8> {
    // HMAC takes keys of every length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return Vec::new() };
    mac.update(data);
    mac.finalize().into_bytes().to_vec()
}

/// What is sent as `Host`.
fn host(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

fn one_space(value: &str) -> String {
    value.split_ascii_whitespace().collect::<Vec<_>>().join(" ")
}

/// Every service but S3 escapes what is escaped already.
fn canonical_path(url: &Url, service: &str) -> String {
    let path = url.path().as_bytes();
    if service == "s3" { escape(&unescape(path), PATH) } else { escape(path, PATH) }
}

fn canonical_query(url: &Url) -> String {
    let part = |text: &str| escape(&unescape(text.as_bytes()), UNRESERVED);
    let query = url.query().unwrap_or_default();
    let pairs = query.split('&').filter(|pair| !pair.is_empty()).map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    let mut pairs: Vec<_> = pairs.map(|(name, value)| (part(name), part(value))).collect();
    pairs.sort_unstable();
    pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

fn escape(bytes: &[u8], escaped: &'static AsciiSet) -> String {
    percent_encode(bytes, escaped).to_string()
}

fn unescape(bytes: &[u8]) -> Vec<u8> {
    percent_decode(bytes).collect()
}

/// `20150830T123600Z`.
fn stamp(now: UnixMs) -> String {
    let now = i64::try_from(now).ok().and_then(|now| jiff::Timestamp::from_millisecond(now).ok()).unwrap_or_default();
    now.strftime("%Y%m%dT%H%M%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::{HeaderName, HeaderValue};

    const NOW: UnixMs = 1_440_938_160_000; // 2015-08-30T12:36:00Z

    fn sign(
        (method, url): (&str, &str),
        headers: &[(&'static str, &'static str)],
        body: &str,
        (region, service): (&str, &str),
        token: Option<&str>,
    ) -> String {
        let aws = Aws::for_test("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", token, region);
        let header = |(name, value): &(&'static str, &'static str)| {
            (HeaderName::from_static(name), HeaderValue::from_static(value))
        };
        let headers = headers.iter().map(header).collect();
        let signing = Signing { aws: &aws, service, now: NOW };
        let added = signing.headers(method, &url.parse().unwrap(), &headers, body.as_bytes());
        assert_eq!(added[0], ("x-amz-date", "20150830T123600Z".to_owned()));
        let (_, authorization) = added.last().unwrap();
        authorization.rsplit('=').next().unwrap().to_owned()
    }

    /// From AWS's test suite for version 4 and its worked example (`ListUsers`).
    #[test]
    fn published_vectors() {
        let at = ("us-east-1", "service");
        let form = ("content-type", "application/x-www-form-urlencoded");
        let form_utf8 = ("content-type", "application/x-www-form-urlencoded; charset=utf-8");
        let list = "https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08";
        let ordered = "https://example.amazonaws.com/?Param2=value2&Param1=value1";
        let vanilla = "https://example.amazonaws.com/";
        for (request, headers, body, at, signature) in [
            (("GET", vanilla), &[][..], "", at, "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
            (("GET", ordered), &[], "", at, "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"),
            (("POST", vanilla), &[], "", at, "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
            (
                ("POST", vanilla),
                &[form],
                "Param1=value1",
                at,
                "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
            ),
            (
                ("GET", list),
                &[form_utf8],
                "",
                ("us-east-1", "iam"),
                "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7",
            ),
        ] {
            assert_eq!(sign(request, headers, body, at, None), signature, "{request:?}");
        }
    }

    /// As AWS's own SDK for Python signs the same requests.
    #[test]
    fn a_port_a_token_and_a_path_with_escapes() {
        let headers = [("content-type", "application/x-amz-json-1.0"), ("x-amz-target", "AmazonSQS.ReceiveMessage")];
        let (request, body) = (("POST", "http://127.0.0.1:5000/"), r#"{"QueueUrl":"x"}"#);
        let signature = sign(request, &headers, body, ("eu-west-1", "sqs"), Some("TOKENTOKEN"));
        assert_eq!(signature, "b58bb98b5bbeed1387b67299682c9fe5761260321141dba0cf790c5f855e4ff5");
        let request = ("GET", "https://b.s3.eu-west-1.amazonaws.com/a%20b/c%3Ad?x=1%202&list-type=2");
        let signature = sign(request, &[], "", ("eu-west-1", "s3"), None);
        assert_eq!(signature, "2155e1bc798ecbbbd3fc1dcc601c04aab68dac67fa440e9f1b6d974136204bd9");
    }
}
