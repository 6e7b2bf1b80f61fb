//! What a component is, by its exports.

use std::fmt;

/// The prefix of all exports that make a world.
const PACKAGE: &str = "trigger-host:trigger/";

/// The three kinds of component.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Is polled.
    Poller,
    /// Filters a shared stream.
    Subscriber,
    /// Is an upstream, not a trigger.
    Producer,
}

/// The world of a component.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct World {
    /// What it is.
    pub kind: Kind,
    /// Whether it has a manifest.
    pub is_described: bool,
}

impl fmt::Display for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_described {
            f.write_str("described-")?;
        }
        f.write_str(match self.kind {
            Kind::Poller => "poll-trigger",
            Kind::Subscriber => "stream-trigger",
            Kind::Producer => "stream-producer",
        })
    }
}

/// The exports of a component that belong to one series of versions, such as 0.1.
#[derive(Debug, Clone, Copy)]
pub struct Found<'a> {
    exports: &'a [String],
    series: &'a str,
}

impl<'a> Found<'a> {
    pub(crate) fn new(exports: &'a [String], series: &'a str) -> Self {
        Self { exports, series }
    }

    /// The version of an interface of `trigger-host:trigger`, if the component exports it.
    pub fn version(&self, interface: &str) -> Option<String> {
        self.exports.iter().find_map(|export| {
            let (name, version) = export.strip_prefix(PACKAGE)?.split_once('@')?;
            (name == interface && is_of_series(version, self.series)).then(|| version.to_owned())
        })
    }
}

/// The part of a version that two compatible ones share: `0.1` of `0.1.0`.
pub(crate) fn series(version: &str) -> &str {
    version.rsplit_once('.').map_or(version, |(series, _)| series)
}

/// Whether a version such as `0.1.7` is of a series such as `0.1`.
pub(crate) fn is_of_series(version: &str, series: &str) -> bool {
    let patch = version.strip_prefix(series).and_then(|rest| rest.strip_prefix('.'));
    patch.is_some_and(|patch| patch.parse::<u32>().is_ok())
}

/// The versions of `trigger-host:trigger` that these exports are of, each once.
pub(crate) fn versions_of(exports: &[String]) -> Vec<&str> {
    let mut versions: Vec<&str> =
        exports.iter().filter_map(|export| export.strip_prefix(PACKAGE)?.split_once('@')).map(|(_, it)| it).collect();
    versions.sort_unstable();
    versions.dedup();
    versions
}
