//! The shapes that cross the wire. Answers ignore unknown fields; requests hold nothing the server does not know (it answers 422).

mod request;
mod runtime;
mod workload;

pub(crate) use request::{
    BatchAnswers, BatchBody, BatchedAnswer, BatchedEvent, CheckpointBody, EventBody, FailureBody, JobBody, LoadAnswer,
    RegisterAnswer, RuntimeTokenAnswer, RuntimeTokenBody, WorkloadsBody,
};
pub use request::{Extensions, LoadRequest, Registered, StoredCheckpoint};
pub use runtime::{
    AssetRef, Connection, DagRunQuery, TaskQuery, TaskStates, VariableKeys, WirePreviousTask, XcomPlace,
};
pub(crate) use runtime::{TaskStatesAnswer, ValueAnswer, ValueBody, VariableAnswer, VariableBody};
pub(crate) use workload::WorkloadsAnswer;
pub use workload::{CALLBACK_CLASSPATH, RunTrigger, WireTaskInstance};
