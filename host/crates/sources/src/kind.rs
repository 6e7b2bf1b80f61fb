//! The kinds of sources, and what each of them can do: one row for each.
//!
//! Owns the table and nothing that runs. A new source is a folder with settings that are [`Native`], a variant here,
//! and its arms in [`Kind`] and [`Settings`]; the catalog asks this table.

use serde::de::DeserializeOwned;

use crate::source::{Access, Native, Reach, Source, Wanted};
use crate::{SourceRefused, directory, http, kafka};

/// A kind of source: what `kind` of `[sources.NAME]` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Topics of Kafka, acknowledged by committed offsets.
    Kafka,
    /// New files of a folder, not acknowledged.
    Directory,
    /// Batches of an HTTP endpoint with a cursor.
    Http,
}

/// The settings of one source: those of its kind.
#[derive(Debug, Clone, PartialEq)]
pub enum Settings {
    /// Of [`Kind::Kafka`].
    Kafka(kafka::Settings),
    /// Of [`Kind::Directory`].
    Directory(directory::Settings),
    /// Of [`Kind::Http`].
    Http(Box<http::Settings>),
}

/// The keys of an entry beside those that every source has.
pub trait Keys {
    /// All of them as `T`; what does not fit is reported by whoever has the keys.
    fn read<T: DeserializeOwned>(&mut self) -> Option<T>;
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Kafka, Self::Directory, Self::Http];

    /// What the catalog calls it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Kafka => "kafka",
            Self::Directory => "directory",
            Self::Http => "http",
        }
    }

    /// Whether this program was built with sources of this kind.
    pub const fn is_built(self) -> bool {
        match self {
            Self::Kafka => cfg!(feature = "kafka"),
            Self::Directory => cfg!(feature = "directory"),
            Self::Http => cfg!(feature = "http"),
        }
    }

    /// Whether a source of this kind can be read again from a raw event on.
    pub const fn goes_back(self) -> bool {
        match self {
            Self::Kafka | Self::Http => true,
            Self::Directory => false,
        }
    }

    /// Reads the settings of an entry of this kind.
    pub fn read(self, keys: &mut impl Keys) -> Option<Settings> {
        Some(match self {
            Self::Kafka => Settings::Kafka(keys.read()?),
            Self::Directory => Settings::Directory(keys.read()?),
            Self::Http => Settings::Http(keys.read()?),
        })
    }
}

impl Settings {
    /// Of which kind they are.
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Kafka(_) => Kind::Kafka,
            Self::Directory(_) => Kind::Directory,
            Self::Http(_) => Kind::Http,
        }
    }

    fn native(&self) -> &dyn Native {
        match self {
            Self::Kafka(settings) => settings,
            Self::Directory(settings) => settings,
            Self::Http(settings) => &**settings,
        }
    }

    /// What its HTTP requests reach, if it sends any.
    pub fn reach(&self) -> Option<Reach> {
        self.native().reach()
    }

    /// Makes the source a trigger asks for, of the entry that is [`Wanted::source`].
    ///
    /// # Errors
    /// This program has none of this kind, the entry is wrong, or the parameters are not allowed.
    pub fn make(&self, wanted: Wanted<'_>, access: Access) -> Result<Source, SourceRefused> {
        self.check(wanted.source)?;
        self.native().make(wanted, access)
    }

    /// Checks the entry `name`, so that a mistake is found when the catalog is read and not when a trigger comes.
    ///
    /// # Errors
    /// The first problem.
    pub fn check(&self, name: &str) -> Result<(), SourceRefused> {
        if !self.kind().is_built() {
            return Err(SourceRefused::NotBuilt { name: name.to_owned(), kind: self.kind().as_str() });
        }
        let checked = self.native().check();
        checked.map_err(|(key, what)| SourceRefused::Settings { name: name.to_owned(), key, what })
    }
}
