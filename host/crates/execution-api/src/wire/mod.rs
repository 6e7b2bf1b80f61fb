//! The shapes that cross the wire. Answers ignore unknown fields; requests hold nothing the server does not know (it
//! answers 422).

mod asks;
mod request;
mod workload;

pub use asks::{
    AssetRef, DagRunQuery, TaskQuery, TaskStates, VariableKeys, WireConnection, WirePreviousTask, XcomPlace,
};
pub(crate) use asks::{TaskStatesAnswer, ValueAnswer, ValueBody, VariableAnswer, VariableBody};
pub(crate) use request::{
    BatchAnswers, BatchBody, BatchedAnswer, BatchedEvent, CheckpointBody, EventBody, FailureBody, JobBody, LoadAnswer,
    RegisterAnswer, RuntimeTokenAnswer, RuntimeTokenBody, WorkloadsBody,
};
pub use request::{Extensions, LoadRequest, Registered, StoredCheckpoint};
pub(crate) use workload::WorkloadsAnswer;
pub use workload::{CALLBACK_CLASSPATH, RunTrigger, WireTaskInstance};
