//! What a benchmark came to: figures with units, and goals that are met or missed. A table for people, JSON for
//! programs.

use std::fmt::Write as _;

use serde::Serialize;

/// One benchmark's outcome.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    name: &'static str,
    figures: Vec<Figure>,
    /// What could not be measured here, and why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    missing: Vec<String>,
}

/// One measured number.
#[derive(Debug, Serialize)]
struct Figure {
    what: String,
    value: f64,
    unit: &'static str,
    /// Absent where the figure is there to compare with.
    #[serde(skip_serializing_if = "Option::is_none")]
    goal: Option<Bound>,
    #[serde(skip_serializing_if = "Option::is_none")]
    met: Option<bool>,
}

/// What a figure should be.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Bound {
    AtMost(f64),
    AtLeast(f64),
}

impl Bound {
    fn is_met(self, value: f64) -> bool {
        match self {
            Self::AtMost(bound) => value <= bound,
            Self::AtLeast(bound) => value >= bound,
        }
    }
}

impl Report {
    pub(crate) const fn new(name: &'static str) -> Self {
        Self { name, figures: Vec::new(), missing: Vec::new() }
    }

    /// A figure to compare with, or to explain another.
    pub(crate) fn figure(&mut self, what: impl Into<String>, value: f64, unit: &'static str) {
        self.figures.push(Figure { what: what.into(), value, unit, goal: None, met: None });
    }

    /// A figure with a goal.
    pub(crate) fn goal(&mut self, what: impl Into<String>, value: f64, unit: &'static str, goal: Bound) {
        let met = Some(goal.is_met(value));
        self.figures.push(Figure { what: what.into(), value, unit, goal: Some(goal), met });
    }

    #[cfg(any(test, not(feature = "kafka")))]
    /// Something that takes what is not there. No goal is missed by that, but everybody is told.
    pub(crate) fn missing(&mut self, what: &str, why: &str) {
        self.missing.push(format!("{what} was NOT MEASURED: {why}"));
    }

    /// Whether no goal is missed.
    pub(crate) fn is_met(&self) -> bool {
        self.figures.iter().all(|figure| figure.met != Some(false))
    }

    /// Lines of one width.
    pub(crate) fn table(&self) -> String {
        let mut table = format!("{}\n", self.name);
        for figure in &self.figures {
            let goal = match figure.goal {
                None => String::new(),
                Some(Bound::AtMost(bound)) => format!("at most {bound}"),
                Some(Bound::AtLeast(bound)) => format!("at least {bound}"),
            };
            let met = match figure.met {
                None => "",
                Some(true) => "met",
                Some(false) => "MISSED",
            };
            let value = if figure.value.abs() < 100.0 {
                format!("{:.2}", figure.value)
            } else {
                format!("{:.0}", figure.value)
            };
            let line = format!("  {:<58} {value:>10} {:<12} {goal:<16} {met}", figure.what, figure.unit);
            // Writing to a string cannot fail.
            let _ = writeln!(table, "{}", line.trim_end());
        }
        for missing in &self.missing {
            let _ = writeln!(table, "  {missing}");
        }
        table
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_goal_is_met_or_missed() {
        let mut report = Report::new("x");
        report.goal("fast", 20.0, "us", Bound::AtMost(20.0));
        report.goal("many", 49.0, "per second", Bound::AtLeast(50.0));
        let table = report.table();
        assert!(table.contains("met") && table.contains("MISSED"), "{table}");
    }

    #[test]
    fn what_is_missing_is_said_and_misses_no_goal() {
        let mut report = Report::new("x");
        report.missing("latency", "there is no Java");
        assert!(report.is_met());
        assert!(report.table().contains("latency was NOT MEASURED: there is no Java"), "{}", report.table());
    }
}
