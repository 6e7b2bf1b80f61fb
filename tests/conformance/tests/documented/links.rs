//! Links between documents: the file has to be in the tree, and the anchor on its page.

use std::collections::BTreeSet;

use crate::text::prose;
use crate::tree::{Tree, folder_of, resolve};

/// Parts of a page that lie elsewhere than the page: their links are seen from there.
const PARTS: [(&str, &str); 1] = [("reference.md", "docs")];

/// A link to a file of the tree.
#[derive(Debug)]
pub(crate) struct Link {
    place: String,
    folder: String,
    page: String,
    target: String,
}

/// All links of all documents that do not lead to another site.
pub(crate) fn find(tree: &Tree) -> Vec<Link> {
    let mut links = Vec::new();
    for (path, text) in tree.texts().filter(|(path, _)| path.ends_with(".md")) {
        let part = PARTS.iter().find(|(name, _)| path.rsplit('/').next() == Some(name));
        let folder = part.map_or(folder_of(path), |(_, folder)| folder);
        // A link may be broken over two lines.
        let lines = prose(path, text);
        let joined: String = lines.iter().map(|line| format!("{}\n", without_code(&line.text))).collect();
        for (at, target) in targets(&joined) {
            let line = joined[..at].matches('\n').count();
            let is_elsewhere = target.contains("://") || target.starts_with("mailto:");
            if !is_elsewhere {
                links.push(Link {
                    place: format!("{path}:{}", lines.get(line).map_or(0, |line| line.number)),
                    folder: folder.to_owned(),
                    page: path.to_owned(),
                    target,
                });
            }
        }
    }
    links
}

/// Links that lead nowhere.
pub(crate) fn broken(tree: &Tree, links: &[Link]) -> Vec<String> {
    links
        .iter()
        .filter_map(|link| {
            let what = follow(tree, &link.folder, &link.page, &link.target).err()?;
            Some(format!("{}: the link `{}` leads nowhere: {what}", link.place, link.target))
        })
        .collect()
}

/// Whether `target` is a file and, behind a `#`, an anchor of it.
pub(crate) fn follow(tree: &Tree, folder: &str, page: &str, target: &str) -> Result<(), &'static str> {
    let (file, anchor) = target.split_once('#').map_or((target, None), |(file, anchor)| (file, Some(anchor)));
    let path = if file.is_empty() { page.to_owned() } else { resolve(folder, file).ok_or("it leaves the tree")? };
    if !tree.has(&path) {
        return Err("there is no such file");
    }
    match anchor {
        Some(_) if !path.ends_with(".md") => Err("only documents have anchors"),
        Some(anchor) if !anchors(tree, &path).contains(anchor) => Err("there is no such anchor"),
        _ => Ok(()),
    }
}

/// The anchors of a page: its headings, and those that are written as such.
fn anchors(tree: &Tree, path: &str) -> BTreeSet<String> {
    let mut anchors = BTreeSet::new();
    for line in prose(path, tree.text(path)) {
        if let Some(heading) =
            line.text.trim_start_matches('#').strip_prefix(' ').filter(|_| line.text.starts_with('#'))
        {
            let slug = slug(heading);
            let again = (1..).map(|n| format!("{slug}-{n}")).find(|next| !anchors.contains(next));
            let is_new = !anchors.contains(&slug);
            anchors.insert(if is_new { slug } else { again.unwrap_or_default() });
        }
        for id in line.text.split("<a id=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
            anchors.insert(id.to_owned());
        }
    }
    anchors
}

/// What GitHub and mdBook make of a heading.
fn slug(heading: &str) -> String {
    let mut plain = String::new();
    for (index, part) in heading.split("](").enumerate() {
        let part = if index > 0 { part.split_once(')').map_or("", |(_, rest)| rest) } else { part };
        plain.push_str(part);
    }
    let kept = plain.trim().to_lowercase();
    kept.chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'))
        .map(|c| if c == ' ' { '-' } else { c })
        .collect()
}

/// A line without what is between backticks; the backticks stay, so that columns do.
fn without_code(line: &str) -> String {
    if line.matches('`').count() % 2 == 1 {
        return line.to_owned();
    }
    let code = |(index, part): (usize, &str)| if index % 2 == 1 { "x".repeat(part.len()) } else { part.to_owned() };
    line.split('`').enumerate().map(code).collect::<Vec<_>>().join("`")
}

/// The targets of `[..](target)`, `[..]: target`, `href` and `src`, with where they stand.
fn targets(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (start, end) in [("](", &[')', ' ', '\n'][..]), ("href=\"", &['"']), ("src=\"", &['"'])] {
        for (at, _) in text.match_indices(start) {
            let rest = &text[at + start.len()..];
            let length = rest.find(end).unwrap_or(rest.len());
            found.push((at, rest[..length].trim_matches(['<', '>']).to_owned()));
        }
    }
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if let Some((label, target)) = line.trim().strip_prefix('[').and_then(|rest| rest.split_once("]: "))
            && !label.contains(']')
        {
            found.push((at, target.trim().trim_matches(['<', '>']).to_owned()));
        }
        at += line.len();
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_that_leads_nowhere_is_found() {
        let problems = |link: &str| {
            let other =
                "# The `other` page: A_b\n\n## Twice\n\n## Twice\n\n<a id=\"p2\"></a>\ntext\n```\n# Not one\n```\n";
            let tree = Tree::of(&[("docs/a.md", link), ("docs/design/b.md", other), ("wit/c.wit", "")]);
            broken(&tree, &find(&tree)).len()
        };
        for good in [
            "[b](design/b.md)",
            "[b](design/b.md#the-other-page-a_b)",
            "[b](design/b.md#twice-1)",
            "[`b`](design/b.md#p2)",
            "[b][1]\n\n[1]: design/b.md",
            "[w](../wit/) ![x](../wit/c.wit)",
            "[o](https://example.com/x.md)",
            "## Here\n[h](#here)",
            "`[no](link.md)`",
            "```\n[no](link.md)\n```",
        ] {
            assert_eq!(problems(good), 0, "{good}");
        }
        for wrong in [
            "[b](b.md)",
            "[b](design/b.md#p3)",
            "[b](design/b.md#not-one)",
            "[b](design/b.md#Twice)",
            "[b][1]\n\n[1]: b.md",
            "[b\nb](b.md)",
            "[h](#here)",
            "[o](../../out.md)",
            "<img src=\"picture.svg\">",
            "![x](picture.svg \"title\")",
            "[w](../wit/c.wit#l1)",
        ] {
            assert_eq!(problems(wrong), 1, "{wrong}");
        }
    }
}
