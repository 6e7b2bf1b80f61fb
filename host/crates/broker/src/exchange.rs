//! One exchange: a checked request out, a capped answer back.
//!
//! Invariant: at most `max_response` bytes of an answer are held, counted after decoding; an error says nothing about
//! addresses.

use std::error::Error as StdError;
use std::sync::atomic::{AtomicU64, Ordering};

use reqwest::{Client, Method, RequestBuilder};
use trigger_host_types::UnixMs;
use trigger_host_types::http::{Error, Request, Response};

use crate::address::AddressRefused;
use crate::client::ClientError;
use crate::credential::{Credential, Scrubber};
use crate::dns::ResolveError;
use crate::headers;
use crate::origin::Origin;
use crate::policy::Allowed;

/// Most bytes of the names and values of an answer's headers.
const MOST_HEADER_BYTES: u64 = 64 << 10;

/// Bytes that the answers of one call may still take together.
#[derive(Debug)]
pub(crate) struct Allowance(AtomicU64);

impl Allowance {
    pub(crate) const fn new(bytes: u64) -> Self {
        Self(AtomicU64::new(bytes))
    }

    fn take(&self, bytes: u64) -> Result<(), Error> {
        let left = |left: u64| left.checked_sub(bytes);
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, left).map(drop).map_err(|_| {
            Error::Budget("the answers to one send-all are too large together: send fewer requests at once".to_owned())
        })
    }
}

/// Builds what is sent; nothing has left yet.
pub(crate) fn prepare(
    client: &Client,
    allowed: &Allowed<'_>,
    request: Request,
    credential: Option<(&Credential, UnixMs)>,
) -> Result<RequestBuilder, Error> {
    let mut headers = headers::check(&request.headers)?;
    let method = Method::from_bytes(request.method.as_bytes())
        .map_err(|_| Error::Invalid("`method` must be an HTTP token, such as GET".to_owned()))?;
    let (size, most) = (request.body.as_ref().map_or(0, Vec::len) as u64, allowed.grant.max_request);
    if size > most {
        return Err(Error::Budget(format!("the body has {size} bytes, the grant allows {most} (`max-request`)")));
    }
    if let Some((credential, now)) = credential {
        credential.add(&mut headers, &request, &allowed.url, now)?;
    }
    let builder = client.request(method, allowed.url.clone()).headers(headers);
    Ok(match request.body {
        Some(body) => builder.body(body),
        None => builder,
    })
}

/// An answer without the credential it was asked for with.
///
/// # Errors
/// The body is encoded in a way that cannot be looked into.
pub(crate) fn scrub(answer: Response, scrubber: &Scrubber) -> Result<Response, Error> {
    let Response { status, headers, body } = answer;
    // Gzip was decoded, and its header taken away; the broker asks for nothing else.
    let encoded =
        |(name, value): &(String, String)| name == "content-encoding" && !value.eq_ignore_ascii_case("identity");
    if headers.iter().any(encoded) {
        return Err(Error::Other(
            "the answer to a request with a credential has a `content-encoding` that was not asked for".to_owned(),
        ));
    }
    let header = |(name, value)| (scrubber.text(name), scrubber.text(value));
    Ok(Response { status, headers: headers.into_iter().map(header).collect(), body: scrubber.bytes(body) })
}

/// Sends and reads the whole answer.
///
/// # Cancel safety
/// Dropping the future closes the connection; the server may have acted on the request.
pub(crate) async fn run(
    builder: RequestBuilder,
    allowed: &Allowed<'_>,
    allowance: &Allowance,
) -> Result<Response, Error> {
    let origin = &allowed.origin;
    let mut answer = builder.send().await.map_err(|error| explain(&error, origin))?;
    let status = answer.status().as_u16();
    if status > 599 {
        return Err(Error::Unreachable(format!("\"{origin}\" answered with a status beyond 599")));
    }
    let header_bytes: usize = answer.headers().iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if header_bytes as u64 > MOST_HEADER_BYTES {
        return Err(Error::TooLarge(MOST_HEADER_BYTES));
    }
    let text = |value: &reqwest::header::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers = answer.headers().iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect();

    let most = allowed.grant.max_response;
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|error| explain(&error, origin))? {
        if (body.len() + chunk.len()) as u64 > most {
            return Err(Error::TooLarge(most));
        }
        allowance.take(chunk.len() as u64)?;
        body.extend_from_slice(&chunk);
    }
    Ok(Response { status, headers, body })
}

/// Puts a refused client into words for the guest.
pub(crate) fn explain_client(error: &ClientError, origin: &Origin) -> Error {
    match error {
        ClientError::Address(refused) => explain_address(*refused, origin),
        ClientError::Build(_) => Error::Other("the host could not set up a connection".to_owned()),
    }
}

fn explain_address(refused: AddressRefused, origin: &Origin) -> Error {
    Error::NotGranted(match refused {
        AddressRefused::NotPublic => {
            format!("\"{origin}\" leads to an address that is not public: its grant needs `private = true`")
        }
        AddressRefused::OwnListener => format!(
            "\"{origin}\" leads to a listener of the host itself: only a grant for that very address and port reaches it"
        ),
    })
}

/// Puts a failed exchange into words for the guest. The sources hold addresses, so none of their text is passed on.
fn explain(error: &reqwest::Error, origin: &Origin) -> Error {
    if let Some(refused) = cause::<AddressRefused>(error) {
        return explain_address(*refused, origin);
    }
    let what = if let Some(error) = cause::<ResolveError>(error) {
        error.to_string()
    } else if cause::<rustls::Error>(error).is_some() {
        "TLS failed: the certificate is not valid for this name, or the server does not speak TLS".to_owned()
    } else if error.is_connect() {
        "the connection failed".to_owned()
    } else if error.is_decode() {
        "the body cannot be decoded or is cut off".to_owned()
    } else {
        "the connection broke, or the answer was not HTTP".to_owned()
    };
    Error::Unreachable(format!("\"{origin}\": {what}"))
}

/// The first error of this type in the chain; an `io::Error` hides the error it was made of from the chain.
fn cause<'a, T: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a T> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<T>() {
            return Some(found);
        }
        let inner = error.downcast_ref::<std::io::Error>().and_then(|error| error.get_ref());
        next = match inner {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    None
}
