//! The versions of the interface this host knows: the one place where a version is made known.

use std::fmt;

use crate::v0_1;
use crate::version::{Found, Version, World, is_of_series, series};

/// The versions of the interface that a sandbox knows. The default is those that this host was built with.
#[derive(Clone)]
pub struct Versions(Vec<&'static dyn Version>);

impl Default for Versions {
    fn default() -> Self {
        Self(vec![&v0_1::Room])
    }
}

impl Versions {
    /// The same, and one more. Of two versions of one series the first counts.
    #[must_use]
    pub fn with(mut self, version: &'static dyn Version) -> Self {
        self.0.push(version);
        self
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &'static dyn Version> {
        self.0.iter().copied()
    }

    /// The version that a component imports or exports something of.
    pub(crate) fn find(&self, version: &str) -> Option<&'static dyn Version> {
        self.iter().find(|known| is_of_series(version, series(known.number())))
    }

    /// What these exports make, by the newest version that knows them.
    pub(crate) fn world(&self, exports: &[String]) -> Option<(&'static dyn Version, World, String)> {
        self.iter().rev().find_map(|version| {
            let (world, number) = version.world(&Found::new(exports, series(version.number())))?;
            Some((version, world, number))
        })
    }
}

/// The series, as refusals list them: `0.1 and 0.2`.
impl fmt::Display for Versions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let last = self.0.len().saturating_sub(1);
        for (at, version) in self.iter().enumerate() {
            let before = if at == 0 {
                ""
            } else if at == last {
                " and "
            } else {
                ", "
            };
            write!(f, "{before}{}", series(version.number()))?;
        }
        Ok(())
    }
}

impl fmt::Debug for Versions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter().map(Version::number)).finish()
    }
}
