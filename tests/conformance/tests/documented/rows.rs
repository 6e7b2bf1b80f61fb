//! The rows of the comparison with Airflow's triggerer: each links the rule that says more, or says why there is none.

/// How many rows there are, and what is wrong with them.
pub(crate) fn read(page: &str) -> (usize, Vec<String>) {
    let (mut rows, mut sections, mut problems) = (0, 0, Vec::new());
    for (index, line) in page.lines().enumerate() {
        sections += usize::from(line.starts_with("## "));
        if !line.starts_with('|') || line.starts_with("| ---") || line.starts_with("| Airflow |") {
            continue;
        }
        rows += 1;
        let shown = line.trim_end_matches('|').trim().rsplit(" | ").next().unwrap_or_default();
        let links = shown.starts_with("[`") && shown.contains("](design/") && shown.ends_with(')');
        let reason = shown.strip_prefix("not shown: ").is_some_and(|reason| reason.len() >= 9);
        if !links && !reason {
            problems.push(format!("docs/airflow-behaviour.md:{}: {line}", index + 1));
        }
        if line.split('|').any(|cell| cell.trim().len() > 200) {
            problems.push(format!("docs/airflow-behaviour.md:{}: a cell is too long to read: {line}", index + 1));
        }
    }
    if sections < 11 {
        problems.push(format!("docs/airflow-behaviour.md: {sections} sections of 11"));
    }
    (rows, problems)
}

#[test]
fn a_row_without_a_rule_is_found() {
    let page = "## 1\n".repeat(11);
    let problems =
        |row: &str| read(&format!("{page}| Airflow | the host | rule |\n| --- | --- | --- |\n{row}\n")).1.len();
    assert_eq!(problems("| a | b | [`TR1`](design/triggerer.md#tr1) |"), 0);
    assert_eq!(problems("| a | b | not shown: there is nothing to run |"), 0);
    assert_eq!(problems("| a | b | yes |"), 1);
    assert_eq!(problems("| a | b | not shown: |"), 1);
    assert_eq!(problems(&format!("| a | {} | [`TR1`](design/triggerer.md#tr1) |", "b ".repeat(101))), 1);
    assert_eq!(read("").1.len(), 1);
}
