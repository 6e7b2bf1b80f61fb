//! The names that both codecs know: serde's classes, BaseSerialization's tags, the neutral tags. See
//! docs/design/encodings.md#values.

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

    /// Whether Airflow reads this version: only some of its readers look at it.
    pub(super) const fn reads(self, version: i64) -> bool {
        match self {
            Self::Tuple | Self::Set | Self::FrozenSet | Self::Zone | Self::Decimal => version <= 1,
            Self::DateTime { .. } | Self::Date | Self::Duration | Self::Uuid => true,
        }
    }
}

/// The class that serde takes for a tag of BaseSerialization; other tags it takes for class names.
pub(super) fn class_of_tag(tag: &str) -> &str {
    match tag {
        "tuple" => "builtins.tuple",
        "set" => "builtins.set",
        "frozenset" => "builtins.frozenset",
        "datetime" => "datetime.datetime",
        "timedelta" => "datetime.timedelta",
        other => other,
    }
}

/// Names that version 1 of a datetime's zone may have, though no tz database has them.
pub(super) fn summer_time(name: &str) -> Option<i64> {
    let hours = match name {
        "EDT" => -4,
        "CDT" => -5,
        "MDT" => -6,
        "PDT" => -7,
        _ => return None,
    };
    Some(hours * 3_600)
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
