//! `docs/configuration.md`, made from the table of keys so that it cannot be out of date.

use std::fmt::Write as _;

use crate::keys::{KEYS, SECTIONS};

const HEAD: &str = include_str!("reference.md");

/// The whole page.
pub fn reference() -> String {
    let mut page = HEAD.to_owned();
    for (section, about) in SECTIONS {
        let _ = write!(page, "\n## `[{section}]`\n\n{}\n\n", about.trim());
        page.push_str("| key | takes | default | about |\n| --- | --- | --- | --- |\n");
        for key in KEYS.iter().filter(|key| key.section == *section) {
            let default = match (key.default)() {
                empty if empty.is_empty() => "not set".to_owned(),
                default => format!("`{default}`"),
            };
            let airflow = key.airflow.map(|name| format!(" Also `{name}`.")).unwrap_or_default();
            let _ = writeln!(
                page,
                "| `{}` | {} | {default} | {}{airflow} |",
                key.name,
                key.expected.replace('|', "\\|"),
                key.about.trim()
            );
        }
    }
    page
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_is_current() {
        let page = include_str!("../../../../docs/configuration.md");
        assert!(page == super::reference(), "run `trigger-host config reference > docs/configuration.md`");
    }
}
