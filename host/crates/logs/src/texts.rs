//! The texts of this package's errors, on the page `logs` of `tests/texts`.

use texts::{check, every, examples};

use crate::path::PathError;
use crate::template::Template;

#[test]
fn texts_of_logs() {
    let paths = every!(crate::path::PathError {
        PathError::Absolute => PathError::Absolute,
        PathError::Part => PathError::Part,
        PathError::Control => PathError::Control,
        PathError::Long => PathError::Long,
    });
    let templates = ["{{ ti.dag_id }}/{{ ts }}.log", "{{ ti.dag_id", "{dag_id}/{logical_date}"];
    let templates = templates.map(|text| (text, Template::parse(text).unwrap_err()));
    check("logs", &[paths, examples("logs::TemplateError", templates)]);
}
