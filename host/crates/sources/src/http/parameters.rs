//! What a trigger adds to the settings of a long poll.

use std::collections::BTreeMap;

use serde::Deserialize;
use url::Url;

use super::settings::Settings;
use crate::errors::SourceRefused;
use crate::source::Wanted;

/// What a trigger adds.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Parameters {
    /// Query parameters.
    #[serde(default)]
    query: BTreeMap<String, String>,
}

/// The URL with what a trigger adds.
pub(super) fn url(settings: &Settings, wanted: &Wanted<'_>) -> Result<Url, SourceRefused> {
    let Parameters { query } = wanted.parameters()?;
    let mut url = settings.url.clone();
    for (name, value) in &query {
        if !settings.parameters.contains(name) {
            let shown: String = name.chars().take(100).flat_map(char::escape_default).collect();
            return Err(wanted.refuse(format!("the query parameter `{shown}` is not one of its `parameters`")));
        }
        url.query_pairs_mut().append_pair(name, value);
    }
    if url.as_str().len() > 4_096 {
        return Err(wanted.refuse("`query` is too long"));
    }
    Ok(url)
}
