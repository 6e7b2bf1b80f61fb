//! What a row of the table is, and the three typed handles by which a row is counted.
//!
//! A handle knows how many labels its row has, so a forgotten label does not compile.

use metrics::{Key, KeyName, Level, Metadata};

/// What a row is about.
#[derive(Debug, Clone, Copy)]
pub struct Metric {
    /// Its name at `/metrics`.
    pub name: &'static str,
    /// How it moves.
    pub kind: Kind,
    /// What one of it is.
    pub unit: Unit,
    /// What it is split by.
    pub labels: &'static [Label],
    /// What it says, for the operator.
    pub meaning: &'static str,
}

/// A label of a metric.
#[derive(Debug, Clone, Copy)]
pub struct Label {
    /// Its key.
    pub key: &'static str,
    /// The values it can have, for the operator.
    pub values: &'static str,
}

/// How a metric moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Only grows.
    Counter,
    /// Is what it is at the moment.
    Gauge,
    /// A distribution.
    Histogram,
}

impl Kind {
    /// The kind in a word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

/// What is counted or measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Things.
    Count,
    /// Seconds.
    Seconds,
    /// Bytes.
    Bytes,
}

impl Unit {
    /// The unit in a word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::Seconds => "seconds",
            Self::Bytes => "bytes",
        }
    }

    const fn to_recorder(self) -> metrics::Unit {
        match self {
            Self::Count => metrics::Unit::Count,
            Self::Seconds => metrics::Unit::Seconds,
            Self::Bytes => metrics::Unit::Bytes,
        }
    }
}

impl Metric {
    /// Registers the description of this metric.
    pub(crate) fn describe(&self) {
        let (name, unit) = (KeyName::from_const_str(self.name), Some(self.unit.to_recorder()));
        metrics::with_recorder(|recorder| match self.kind {
            Kind::Counter => recorder.describe_counter(name, unit, self.meaning.into()),
            Kind::Gauge => recorder.describe_gauge(name, unit, self.meaning.into()),
            Kind::Histogram => recorder.describe_histogram(name, unit, self.meaning.into()),
        });
    }
}

/// The same for every row: nobody filters by it.
static METADATA: Metadata<'static> = Metadata::new(module_path!(), Level::INFO, Some(module_path!()));

fn key<const LABELS: usize>(metric: &'static Metric, values: [&'static str; LABELS]) -> Key {
    if LABELS == 0 {
        return Key::from_static_name(metric.name);
    }
    let labels = metric.labels.iter().zip(values);
    let labels: Vec<_> = labels.map(|(label, value)| metrics::Label::from_static_parts(label.key, value)).collect();
    Key::from_parts(metric.name, labels)
}

macro_rules! handle {
    ($(#[$doc:meta])* $Handle:ident, $register:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy)]
        pub struct $Handle<const LABELS: usize> {
            metric: &'static Metric,
        }

        impl<const LABELS: usize> $Handle<LABELS> {
            /// A handle for this row.
            pub(crate) const fn new(metric: &'static Metric) -> Self {
                Self { metric }
            }

            /// The row.
            pub const fn metric(self) -> &'static Metric {
                self.metric
            }

            /// The one with these values of its labels, in the order of the table.
            pub fn with(self, values: [&'static str; LABELS]) -> metrics::$Handle {
                let key = key(self.metric, values);
                metrics::with_recorder(|recorder| recorder.$register(&key, &METADATA))
            }
        }

        impl $Handle<0> {
            /// The one there is.
            pub fn get(self) -> metrics::$Handle {
                self.with([])
            }
        }
    };
}

handle! {
    /// A row that only grows.
    Counter, register_counter
}
handle! {
    /// A row that is what it is at the moment.
    Gauge, register_gauge
}
handle! {
    /// A row that is a distribution.
    Histogram, register_histogram
}
