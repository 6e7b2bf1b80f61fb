//! Why a host does not start or ends, and why there is no upstream for a stream.

use execution_api::ApiError;
use supervisor::{EndError, StartError, UpstreamRefused};
use texts::{check, every, examples};

#[test]
fn texts() {
    let start = every!(supervisor::StartError {
        StartError::Api(_) => StartError::Api(ApiError::NoApi),
        StartError::Heart(_) => StartError::Heart(std::io::Error::other("no thread is left")),
    });
    let end = examples("supervisor::EndError", [("any", EndError)]);
    let refused = UpstreamRefused("there is no source `orders`".into());
    check("supervisor", &[start, end, examples("supervisor::UpstreamRefused", [("any", refused)])]);
}
