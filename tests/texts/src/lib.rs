//! Every text that a user can see when something is wrong, in one folder: `tests/texts/snapshots`, one page per room.
//!
//! A page is made of sections. [`every!`] makes one of an error type, with an example of each variant: it does not
//! compile while a variant is missing, and a test of this package fails while a type is. Types that only their own
//! package can see, or that others may not match completely, have their section in a test of that package, on a page in
//! the same folder.
#![forbid(unsafe_code)]

use std::error::Error;
use std::fmt::{Display, Write as _};

/// The examples of one kind.
#[derive(Debug)]
pub struct Section {
    title: String,
    texts: Vec<(String, String)>,
}

impl Section {
    /// A section of texts, each with what it is about.
    pub fn new(title: &str, texts: impl IntoIterator<Item = (impl Display, impl Display)>) -> Self {
        let texts = texts.into_iter().map(|(about, text)| (about.to_string(), text.to_string())).collect();
        Self { title: title.to_owned(), texts }
    }
}

/// The section of a type that is one struct, by examples.
pub fn examples<E: Error>(title: &str, examples: impl IntoIterator<Item = (impl Display, E)>) -> Section {
    Section::new(title, examples.into_iter().map(|(about, error)| (about, with_causes(&error))))
}

/// The section of an error type: `every!(broker::GrantError { GrantError::NoMethod => GrantError::NoMethod, .. })`. The
/// type is written with its package, or with `crate` in that package's own tests.
#[macro_export]
macro_rules! every {
    ($type:ty { $($pattern:pat => $example:expr),+ $(,)? }) => {{
        #[allow(unused_qualifications, reason = "the package is a part of the name on the page")]
        let section = {
            // Only compiles when there is an example of each variant.
            let _is_complete = |error: &$type| match error { $($pattern => {})+ };
            let mut texts = Vec::new();
            $({
                let example: $type = $example;
                let name = stringify!($pattern);
                assert!(matches!(&example, $pattern), "this is not an example of {name}: {example:?}");
                texts.push((name, $crate::with_causes(&example)));
            })+
            $crate::Section::new(&$crate::name(stringify!($type), module_path!()), texts)
        };
        section
    }};
}

/// An error's text, and below it those of its causes.
pub fn with_causes(error: &dyn Error) -> String {
    let (mut text, mut next) = (error.to_string(), error.source());
    while let Some(cause) = next {
        let _ = write!(text, "\ncaused by: {cause}");
        next = cause.source();
    }
    text
}

/// The name of a type with its package in the place of `crate`.
pub fn name(of: &str, module: &str) -> String {
    let package = module.split("::").next().unwrap_or_default();
    let of = of.replace(' ', "");
    of.strip_prefix("crate::").map_or_else(|| of.clone(), |rest| format!("{package}::{rest}"))
}

/// Compares a page with its snapshot.
///
/// # Panics
/// When they differ.
pub fn check(page: &str, sections: &[Section]) {
    let mut text = String::new();
    for Section { title, texts } in sections {
        let _ = writeln!(text, "# {title}\n");
        for (about, shown) in texts {
            let _ = writeln!(text, "{about}\n    {}\n", shown.trim_end().replace('\n', "\n    "));
        }
    }
    let settings = {
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path(concat!(env!("CARGO_MANIFEST_DIR"), "/snapshots"));
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings
    };
    settings.bind(|| insta::assert_snapshot!(page, text));
}
