//! HTTP through the host, which grants, resolves, authenticates and caps.
//!
//! A trigger never sees a credential: it names the Airflow connection, and the host adds what belongs to it. Redirects
//! are answers.

mod error;
mod request;
mod response;
pub mod retry;

pub use error::{Error, StatusError};
pub use request::{Request, delete, get, post, put, request};
pub use response::{BodyError, Response};

use crate::platform;

/// Sends many requests at once, as many in flight as the grant allows; the answers are in the order of the requests.
///
/// The way to watch fifty jobs in one poll without waiting fifty times.
pub fn send_all(requests: impl IntoIterator<Item = Request>) -> Vec<Result<Response, Error>> {
    let requests: Vec<Request> = requests.into_iter().collect();
    // A request that could not be made is answered here; the others go out together.
    let faults: Vec<Option<Error>> = requests.iter().map(|request| request.fault.clone()).collect();
    let sendable = requests.into_iter().filter(|request| request.fault.is_none()).collect();
    let mut answers = platform::send_all(sendable).into_iter();
    let missing = || Err(Error::Other("the host answered fewer requests than it was sent".to_owned()));
    faults.into_iter().map(|fault| fault.map_or_else(|| answers.next().unwrap_or_else(missing), Err)).collect()
}
