//! Which part of a file is prose: the comments of a source, the whole of a document but its code blocks.

/// One line of prose, numbered from 1. Code around it is left out.
pub(crate) struct Line {
    pub(crate) number: usize,
    pub(crate) text: String,
}

/// The prose of a file.
pub(crate) fn prose(path: &str, text: &str) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut state = State::default();
    for (index, line) in text.lines().enumerate() {
        let said = match path.rsplit('.').next() {
            Some("md") => state.document(line),
            Some("rs" | "wit") => comment(line, "//"),
            Some("py") => state.python(line),
            _ => comment(line, "#"),
        };
        if let Some(said) = said {
            lines.push(Line { number: index + 1, text: said.to_owned() });
        }
    }
    lines
}

/// What is behind a comment sign that begins a line or stands behind a blank.
fn comment<'a>(line: &'a str, sign: &str) -> Option<&'a str> {
    let line = line.trim_start();
    if let Some(said) = line.strip_prefix(sign) {
        return Some(said);
    }
    let at = line.find(&format!(" {sign} "))?;
    line.get(at + sign.len() + 1..)
}

#[derive(Default)]
struct State {
    /// What ends the code block, docstring or HTML comment that a line is in.
    until: Option<&'static str>,
}

impl State {
    /// A line of a document. Code blocks and HTML comments are not prose.
    fn document<'a>(&mut self, line: &'a str) -> Option<&'a str> {
        let trimmed = line.trim_start();
        if let Some(end) = self.until {
            if if end == "-->" { trimmed.contains(end) } else { trimmed.starts_with(end) } {
                self.until = None;
            }
            return None;
        }
        self.until = match trimmed {
            _ if trimmed.starts_with("```") => Some("```"),
            _ if trimmed.starts_with("~~~") => Some("~~~"),
            _ if trimmed.starts_with("<!--") && !trimmed.contains("-->") => Some("-->"),
            _ => None,
        };
        (self.until.is_none() && !trimmed.starts_with("<!--")).then_some(line)
    }

    /// A line of Python: comments, and whatever is between triple quotes.
    fn python<'a>(&mut self, line: &'a str) -> Option<&'a str> {
        let quotes = line.matches("\"\"\"").count();
        let was_in = self.until.is_some();
        if quotes % 2 == 1 {
            self.until = if was_in { None } else { Some("\"\"\"") };
        }
        if was_in || quotes > 0 { Some(line) } else { comment(line, "#") }
    }
}

/// The spans between backticks, which is where documents name files and tests.
pub(crate) fn in_backticks(line: &str) -> impl Iterator<Item = &str> {
    let whole = if line.matches('`').count().is_multiple_of(2) { line } else { "" };
    whole.split('`').skip(1).step_by(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(path: &str, text: &str) -> Vec<String> {
        prose(path, text).into_iter().map(|line| line.text).collect()
    }

    #[test]
    fn comments_are_prose_and_code_is_not() {
        let rust = "//! Head.\nlet url = \"http://x\"; // why\nlet x = 1;\n    /// Doc.";
        assert_eq!(said("a.rs", rust), ["! Head.", " why", "/ Doc."]);
        let python = "\"\"\"One line.\"\"\"\nx = 1  # why\ny = \"#no\"\ndef f():\n    \"\"\"Two\n    lines.\n    \"\"\"\n    z = 2";
        assert_eq!(said("a.py", python).len(), 5);
        assert_eq!(said("a.toml", "# why\nx = 1\ny = 2 # because"), [" why", " because"]);
    }

    #[test]
    fn code_blocks_and_hidden_text_are_not_prose() {
        let document = "text\n```\ncode\n```\nmore\n<!-- one -->\n<!--\nhidden\n-->\nend";
        assert_eq!(said("a.md", document), ["text", "more", "end"]);
    }
}
