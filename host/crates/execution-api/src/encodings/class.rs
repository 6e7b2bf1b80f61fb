//! The names that both codecs know: serde's classes, BaseSerialization's tags, the neutral tags. Source: contract/encodings.md section 2.

pub(super) const CLASSNAME: &str = "__classname__";
pub(super) const VERSION: &str = "__version__";
pub(super) const DATA: &str = "__data__";
/// Refused by serde in a dict, like `__classname__`.
pub(super) const SCHEMA_ID: &str = "__id__";
pub(super) const TYPE: &str = "__type";
pub(super) const VAR: &str = "__var";

/// A class of serde's that has a neutral form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    Tuple,
    Set,
    FrozenSet,
    DateTime { pendulum: bool },
    Date,
    Duration,
    Zone,
    Uuid,
    Decimal,
}

impl Class {
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "builtins.tuple" => Self::Tuple,
            "builtins.set" => Self::Set,
            "builtins.frozenset" => Self::FrozenSet,
            "datetime.datetime" => Self::DateTime { pendulum: false },
            "pendulum.datetime.DateTime" => Self::DateTime { pendulum: true },
            "datetime.date" | "pendulum.date.Date" => Self::Date,
            "datetime.timedelta" => Self::Duration,
            "zoneinfo.ZoneInfo" | "pendulum.tz.timezone.Timezone" | "pendulum.tz.timezone.FixedTimezone" => Self::Zone,
            "uuid.UUID" => Self::Uuid,
            "decimal.Decimal" => Self::Decimal,
            _ => return None,
        })
    }

    /// The newest version that Airflow reads; a newer one it refuses.
    pub(super) const fn newest_version(self) -> i64 {
        match self {
            Self::DateTime { .. } | Self::Date | Self::Duration => 2,
            _ => 1,
        }
    }
}

/// A container of the neutral form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Container {
    Tuple,
    Set,
    FrozenSet,
}

impl Container {
    /// How it begins in the neutral form; it ends with `]}`.
    pub(super) const fn neutral(self) -> &'static str {
        match self {
            Self::Tuple => "{\"$tuple\":[",
            Self::Set => "{\"$set\":[",
            Self::FrozenSet => "{\"$frozenset\":[",
        }
    }

    /// How it begins in serde's; it ends with `]}`.
    pub(super) const fn wire(self) -> &'static str {
        match self {
            Self::Tuple => r#"{"__classname__":"builtins.tuple","__version__":1,"__data__":["#,
            Self::Set => r#"{"__classname__":"builtins.set","__version__":1,"__data__":["#,
            Self::FrozenSet => r#"{"__classname__":"builtins.frozenset","__version__":1,"__data__":["#,
        }
    }

    /// Whether Python can put it into a set, and whether its own elements must be hashable for that.
    pub(super) const fn is_hashable(self) -> bool {
        !matches!(self, Self::Set)
    }

    /// Whether its elements have to be hashable wherever it stands.
    pub(super) const fn hashes(self) -> bool {
        !matches!(self, Self::Tuple)
    }
}
