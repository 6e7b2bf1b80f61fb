//! Real brokers for tests: Kafka in KRaft mode, and a server that speaks SQS.
//!
//! `cargo xtask broker-test` fetches the programs and says where they are in `KAFKA_JARS` and `SQS_SERVER`; without
//! these a server cannot be started. Invariants: each server has a folder and ports of its own on 127.0.0.1, and its
//! process ends with its handle.
#![forbid(unsafe_code)]

mod kafka;
mod process;
mod sqs;
#[cfg(feature = "kafka-client")]
mod topic;

pub use kafka::Kafka;
pub use sqs::Sqs;
#[cfg(feature = "kafka-client")]
pub use topic::{Place, Topic};
