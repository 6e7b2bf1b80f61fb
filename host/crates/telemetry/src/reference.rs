//! `docs/metrics.md`, written from the table so that it cannot be out of date.

use std::fmt::Write as _;

use crate::metric::Metric;
use crate::table::SECTIONS;

const HEAD: &str = include_str!("reference.md");

/// The whole page.
pub fn reference() -> String {
    let mut page = HEAD.to_owned();
    for (title, rows) in SECTIONS {
        let _ = write!(
            page,
            "\n## {title}\n\n| metric | kind | unit | labels | meaning |\n| --- | --- | --- | --- | --- |\n"
        );
        for (_, metric) in *rows {
            let _ = writeln!(page, "{}", row(metric));
        }
    }
    page
}

fn row(metric: &Metric) -> String {
    let labels: Vec<_> = metric.labels.iter().map(|label| format!("`{}`: {}", label.key, label.values)).collect();
    let (kind, unit) = (metric.kind.as_str(), metric.unit.as_str());
    format!("| `{}` | {kind} | {unit} | {} | {} |", metric.name, labels.join("; "), metric.meaning)
}
