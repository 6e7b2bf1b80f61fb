//! What the catalog says, typed. Nothing here has looked at a component yet.

use std::path::PathBuf;

use airflow_asks::AirflowGrants;
use broker::HttpGrant;
use sandbox::{Allowed, Interface, Limits};
use settings::Problem;
use settings::document::Document;
use trigger_host_types::{ClassPath, Digest};

use super::rules::Rules;

/// A catalog that was read.
#[derive(Debug)]
pub(crate) struct Catalog {
    /// For problems that show later.
    pub(crate) document: Document,
    /// In the order of the file.
    pub(crate) entries: Vec<Entry>,
    /// In the order of the file.
    pub(crate) sources: Vec<SourceEntry>,
}

/// One `[[trigger]]`.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// What Airflow stores: a class path, or the path of a callback's function.
    pub(crate) classpath: ClassPath,
    /// Which of the two.
    pub(crate) is_callback: bool,
    /// What runs for it.
    pub(crate) guest: Guest,
}

/// One `[sources.NAME]`.
#[derive(Debug, Clone)]
pub(crate) struct SourceEntry {
    /// What triggers call it.
    pub(crate) name: String,
    /// What is read.
    pub(crate) reads: Reads,
    /// The rules of its streams.
    pub(crate) rules: Rules,
}

/// What a source reads.
#[derive(Debug, Clone)]
pub(crate) enum Reads {
    /// By the host itself.
    Native {
        /// The settings.
        settings: Box<sources::Settings>,
        /// Where its HTTP requests may go, if it sends any.
        http: Vec<HttpGrant>,
    },
    /// By a component.
    Guest(Box<Guest>),
}

/// A component, and what it may.
#[derive(Debug, Clone)]
pub(crate) struct Guest {
    /// How problems name its entry.
    pub(crate) subject: String,
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
    pub(crate) airflow: AirflowGrants,
    /// Limits of one call.
    pub(crate) limits: Limits,
}

impl Guest {
    /// Which interfaces the grants open.
    pub(crate) fn allowed(&self) -> Allowed {
        let is_open = |interface| match interface {
            Interface::Http => !self.http.is_empty(),
            interface => self.airflow.opens(interface),
        };
        Interface::ALL.into_iter().fold(Allowed::NONE, |allowed, one| allowed.with(one, is_open(one)))
    }
}

impl SourceEntry {
    /// The component that reads it, if one does.
    pub(crate) fn guest(&self) -> Option<&Guest> {
        match &self.reads {
            Reads::Guest(guest) => Some(guest),
            Reads::Native { .. } => None,
        }
    }
}

/// Whose component it is.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Owner<'c> {
    /// A `[[trigger]]`.
    Trigger(&'c Entry),
    /// A `[sources.NAME]`.
    Source(&'c SourceEntry),
}

impl Owner<'_> {
    /// What the operator calls it.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Trigger(entry) => entry.classpath.as_str(),
            Self::Source(source) => &source.name,
        }
    }
}

impl Catalog {
    /// Every component: those of triggers, then those of sources.
    pub(crate) fn guests(&self) -> impl Iterator<Item = (Owner<'_>, &Guest)> {
        let triggers = self.entries.iter().map(|entry| (Owner::Trigger(entry), &entry.guest));
        let sources = self.sources.iter().filter_map(|source| Some((Owner::Source(source), source.guest()?)));
        triggers.chain(sources)
    }

    /// A problem with a key of an entry.
    pub(crate) fn problem(&self, guest: &Guest, line: usize, key: &str, what: impl Into<String>) -> Problem {
        let key = Some(key.to_owned()).filter(|key| !key.is_empty());
        Problem { subject: Some(guest.subject.clone()), key, ..self.document.problem(line, what) }
    }
}
