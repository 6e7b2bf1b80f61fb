//! What is wrong with a pattern of names in a grant.

use airflow_asks::{Pattern, PatternError};
use texts::{check, examples};

fn pattern(text: &str) -> PatternError {
    Pattern::new(text).unwrap_err()
}

#[test]
fn texts() {
    let long = "x".repeat(251);
    let patterns = [("(empty)", ""), ("(251 letters)", &long), ("(two lines)", "a\nb")];
    let patterns = patterns.map(|(about, text)| (about, pattern(text)));
    check("airflow-asks", &[examples("airflow_asks::PatternError", patterns)]);
}
