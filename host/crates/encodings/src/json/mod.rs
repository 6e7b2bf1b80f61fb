//! JSON as Python writes it, kept exactly: bare `NaN` and `Infinity`, lone surrogates, integers of any size, deep
//! nesting.
//!
//! A [`Document`] is flat: nodes refer to each other by number, so that neither reading, walking nor dropping one
//! recurses. Text is held as generalised UTF-8 (WTF-8), in which a lone surrogate has three bytes. An [`Outline`] goes
//! one level deep and keeps the texts. Both come from the same tokens.

mod document;
mod error;
mod outline;
mod read;
mod scan;
mod text;
mod walk;

pub use self::document::{Document, Entry, Id, View};
pub use self::error::{Inside, JsonError, JsonFault};
pub use self::outline::{Outline, Parts};
pub use self::scan::{Limits, NotFinite};
pub use self::text::Text;
pub(crate) use self::text::{write_str, write_units};
pub(crate) use self::walk::{Children, Key, Walk, write_neutral_text};
