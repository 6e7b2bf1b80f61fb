//! What the catalog says, typed. Nothing here has looked at a component yet.

use std::path::PathBuf;

use broker::HttpGrant;
use sandbox::{Allowed, Interface, Limits};
use supervisor::RuntimeGrants;
use trigger_host_types::{ClassPath, Digest};

use crate::document::Document;
use crate::problems::Problem;

/// A catalog that was read.
#[derive(Debug)]
pub(crate) struct Catalog {
    /// For problems that show later.
    pub(crate) document: Document,
    /// In the order of the file.
    pub(crate) entries: Vec<Entry>,
}

/// One `[[trigger]]`.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// What Airflow stores: a class path, or the path of a callback's function.
    pub(crate) classpath: ClassPath,
    /// Which of the two.
    pub(crate) is_callback: bool,
    /// Line of the entry.
    pub(crate) line: usize,
    /// The component's file; relative paths are below the catalog's folder.
    pub(crate) component: PathBuf,
    /// Line of `component`.
    pub(crate) component_line: usize,
    /// The pin; none before `catalog lock`.
    pub(crate) digest: Option<Digest>,
    /// Line of `digest`.
    pub(crate) digest_line: Option<usize>,
    /// HTTP grants.
    pub(crate) http: Vec<HttpGrant>,
    /// What it may ask of Airflow.
    pub(crate) runtime: RuntimeGrants,
    /// Limits of one call.
    pub(crate) limits: Limits,
}

impl Entry {
    /// Which interfaces the grants open.
    pub(crate) fn allowed(&self) -> Allowed {
        let RuntimeGrants { variables_read, variables_write, xcom, asset_state, states, connections } = &self.runtime;
        Allowed::NONE
            .with(Interface::Http, !self.http.is_empty())
            .with(Interface::Variables, !variables_read.is_empty() || !variables_write.is_empty())
            .with(Interface::Xcoms, xcom.is_some())
            .with(Interface::AssetState, asset_state.is_some())
            .with(Interface::TaskInstances, states.is_some())
            .with(Interface::DagRuns, states.is_some())
            .with(Interface::Connections, !connections.is_empty())
    }

    /// How problems name this entry.
    pub(crate) fn subject(&self) -> String {
        subject(self.classpath.as_str())
    }
}

/// How problems name the entry of a class path.
pub(super) fn subject(classpath: &str) -> String {
    format!("trigger `{classpath}`")
}

impl Catalog {
    /// A problem with a key of an entry.
    pub(crate) fn problem(&self, entry: &Entry, line: usize, key: &str, what: impl Into<String>) -> Problem {
        let key = Some(key.to_owned()).filter(|key| !key.is_empty());
        Problem { subject: Some(entry.subject()), key, ..self.document.problem(line, what) }
    }
}
