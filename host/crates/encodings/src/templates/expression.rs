//! What stands between `{{` and `}}`: a name, and steps into it. Nothing else: no call, no filter, no operator.

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// The first name, or `.name`: an attribute before it is a key.
    Name(String),
    /// `['key']`: only ever a key.
    Key(String),
}

impl Step {
    pub(super) fn as_str(&self) -> &str {
        match self {
            Self::Name(name) | Self::Key(name) => name,
        }
    }
}

/// The path of a plain substitution, or why it is not one.
pub(super) fn parse(inner: &str) -> Result<Vec<Step>, String> {
    let plain = || "only a name followed by `.name` or `['key']` is rendered".to_owned();
    let text = inner.trim_matches([' ', '\t', '\n']);
    let (first, mut rest) = name(text).ok_or_else(plain)?;
    let mut steps = vec![Step::Name(first.to_owned())];
    while !rest.is_empty() {
        if let Some(behind) = rest.strip_prefix('.') {
            let (next, behind) = name(behind).ok_or_else(plain)?;
            steps.push(Step::Name(next.to_owned()));
            rest = behind;
        } else {
            let quoted = rest.strip_prefix('[').ok_or_else(plain)?;
            let quote = quoted.chars().next().filter(|quote| matches!(quote, '\'' | '"')).ok_or_else(plain)?;
            let (key, behind) = quoted[1..].split_once(quote).ok_or_else(plain)?;
            if key.contains('\\') {
                return Err(plain());
            }
            steps.push(Step::Key(key.to_owned()));
            rest = behind.strip_prefix(']').ok_or_else(plain)?;
        }
    }
    Ok(steps)
}

/// A name at the beginning, and what is behind it.
fn name(text: &str) -> Option<(&str, &str)> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let end = text.find(|c| !is_part(c)).unwrap_or(text.len());
    let (name, behind) = text.split_at(end);
    (!name.is_empty() && !name.starts_with(|c: char| c.is_ascii_digit())).then_some((name, behind))
}
