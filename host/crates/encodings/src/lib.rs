//! How Airflow writes values down, and the neutral JSON that guests see instead.
//!
//! Owns the only code that reads or writes `__classname__`, `__type` and Fernet tokens: no guest ever sees one. The
//! neutral form is described in docs/neutral-json.md. Neither direction recurses; both are bounded in size and depth.
//! Knows no network, no runtime and no wasm: text goes in, text comes out.
#![forbid(unsafe_code)]

mod bounds;
mod class;
mod decode;
mod encode;
mod error;
mod event;
mod fernet;
mod kwargs;
mod moment;
mod number;
mod value;

pub mod json;
pub mod templates;

pub use bounds::GUEST_DEPTH;
pub use error::EncodingError;
pub use event::{WireEvent, WireKind, WireXcoms, event_to_wire};
pub use fernet::Fernet;
pub use kwargs::{kwargs_from_wire, kwargs_text};
pub use value::{base_value_from_wire, moment_text, payload_to_wire, value_from_wire, value_to_wire};
