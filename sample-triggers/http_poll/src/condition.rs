//! What an answer must be like.

use trigger_host_sdk::http::Response;
use trigger_host_sdk::prelude::*;
use trigger_host_sdk::serde_json::Value;

/// Everything that is given must hold; nothing given: a status of 200 to 299.
#[kwargs]
#[derive(Default)]
pub(crate) struct Condition {
    /// The status; 200 to 299 otherwise.
    status: Option<u16>,
    /// A JSON pointer into the body: something is there.
    pointer: Option<String>,
    /// What is there.
    equals: Option<Value>,
    /// One of these is there.
    one_of: Option<Vec<Value>>,
}

impl Condition {
    /// Refuses what could never hold.
    pub(crate) fn check(&self, key: &str) -> Result<()> {
        match &self.pointer {
            None if self.equals.is_some() || self.one_of.is_some() => {
                Err(Error::kwarg(key, "`equals` and `one_of` need a `pointer` to what they are about"))
            }
            Some(pointer) if !pointer.is_empty() && !pointer.starts_with('/') => Err(Error::kwarg(
                key,
                format_args!("`{pointer}` is not a JSON pointer: expected text such as `/state`"),
            )),
            _ => Ok(()),
        }
    }

    pub(crate) fn holds(&self, response: &Response, body: Option<&Value>) -> bool {
        let status_fits = self.status.map_or_else(|| response.is_success(), |status| response.status == status);
        status_fits
            && self.pointer.as_ref().is_none_or(|pointer| self.fits(body.and_then(|body| body.pointer(pointer))))
    }

    fn fits(&self, found: Option<&Value>) -> bool {
        let Some(found) = found else { return false };
        let equal = self.equals.as_ref().is_none_or(|wanted| same(found, wanted));
        let listed = self.one_of.as_ref().is_none_or(|wanted| wanted.iter().any(|wanted| same(found, wanted)));
        equal && listed
    }
}

/// Equal as JSON says it: `1` is `1.0`, on the top level.
fn same(found: &Value, wanted: &Value) -> bool {
    found == wanted || (found.is_number() && found.as_f64() == wanted.as_f64())
}
