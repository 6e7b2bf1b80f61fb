//! The streams room through its public face.

mod actor;
mod interleavings;
mod matching;
mod model;
mod play;
mod rules_ack;
mod rules_groups;
mod rules_safe;
