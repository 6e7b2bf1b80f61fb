//! The logs of triggers as Airflow reads them. Knows no WebAssembly and none of the Execution API.
//!
//! Owns the [`Masker`], which takes secrets out of text before anybody can read it.
#![forbid(unsafe_code)]

mod mask;

pub use mask::{Masker, is_sensitive};
