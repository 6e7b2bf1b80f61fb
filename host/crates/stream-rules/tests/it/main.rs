//! The rules of shared streams through their public face.

#![expect(clippy::expect_used, reason = "what is expected of the code under test")]

mod matching;
mod model;
mod play;
mod rules_absent;
mod rules_ack;
mod rules_groups;
mod rules_pause;
mod rules_safe;
mod status;
