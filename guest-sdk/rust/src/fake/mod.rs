//! A host for native tests: scripted answers, time that the test moves, and the order of effects of the real one.
//!
//! ```
//! # use trigger_host_sdk::prelude::*;
//! # /// Fires at once.
//! # #[trigger]
//! # struct Now {}
//! # impl Trigger for Now {
//! #     type Checkpoint = ();
//! #     fn poll(&self, cx: &Context, _: Option<()>) -> Result<Outcome> { Ok(Outcome::fire(cx.now)) }
//! # }
//! use trigger_host_sdk::fake::FakeHost;
//! use trigger_host_sdk::serde_json::json;
//!
//! let mut host = FakeHost::<Now>::new(json!({}));
//! let run = host.run_until_finished();
//! assert_eq!(run.payloads(), [json!({"$datetime": "2026-01-01T00:00:00Z"})]);
//! ```
//!
//! A trigger goes through the same text as in a component: kwargs and checkpoint are JSON, and every poll starts from
//! them alone. Only for the native target. Panics where a test is wrong, with what to write.
#![expect(clippy::panic, reason = "a test that is wrong must fail, and say why")]

mod airflow;
mod host;
mod network;
mod report;
mod script;
mod stream;

pub use airflow::Airflow;
pub use host::FakeHost;
pub use network::with_network;
pub use report::{FiredEvent, LogLine, Run};
pub use script::{Script, SentRequest};
pub use stream::{FakeStream, FakeUpstream};

use host::test_context;
