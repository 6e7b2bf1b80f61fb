//! Offsets on their way to the broker.
//!
//! Owns what waits to be committed. Invariant: one commit is under way at a time, and everything that came meanwhile
//! goes together in the next one.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use rdkafka::consumer::{CommitMode, Consumer as _};
use rdkafka::error::KafkaError;
use rdkafka::{Offset, TopicPartitionList};
use tokio::sync::oneshot;

use super::partitions::Name;
use super::worker::Handle;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Commits(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    waiting: Vec<Waiting>,
    running: bool,
}

#[derive(Debug)]
struct Waiting {
    name: Name,
    offset: i64,
    done: oneshot::Sender<Result<(), String>>,
}

impl Commits {
    /// Commits an offset, together with others.
    ///
    /// # Cancel safety
    /// Dropping the future leaves it open whether it is committed.
    pub(super) async fn commit(self: &Arc<Self>, handle: &Handle, name: Name, offset: i64) -> Result<(), String> {
        let (done, answer) = oneshot::channel();
        let start = {
            let mut state = self.0.lock();
            state.waiting.push(Waiting { name, offset, done });
            !std::mem::replace(&mut state.running, true)
        };
        if start {
            let (commits, handle) = (self.clone(), handle.clone());
            // The library's call waits for the broker, for as long as its own timeouts say.
            tokio::task::spawn_blocking(move || commits.run(&handle));
        }
        answer.await.unwrap_or_else(|_| Err("the consumer is closed".to_owned()))
    }

    fn run(&self, handle: &Handle) {
        loop {
            let waiting = {
                let mut state = self.0.lock();
                // Nobody waits for those whose advance was given up.
                state.waiting.retain(|one| !one.done.is_closed());
                state.running = !state.waiting.is_empty();
                std::mem::take(&mut state.waiting)
            };
            if waiting.is_empty() {
                return;
            }
            let result = commit_all(handle, &waiting);
            for Waiting { name, done, .. } in waiting {
                let failed = result.as_ref().map_or_else(Some, |failed| failed.get(&name));
                let _ = done.send(failed.map_or(Ok(()), |error| Err(error.clone())));
            }
        }
    }
}

/// What failed, by partition.
fn commit_all(handle: &Handle, waiting: &[Waiting]) -> Result<HashMap<Name, String>, String> {
    let Some(consumer) = handle.consumer() else { return Err("the consumer is closed".to_owned()) };
    let mut offsets: HashMap<&Name, i64> = HashMap::new();
    for Waiting { name, offset, .. } in waiting {
        let highest = offsets.entry(name).or_insert(*offset);
        *highest = (*highest).max(*offset);
    }
    let mut list = TopicPartitionList::with_capacity(offsets.len());
    for ((topic, partition), offset) in offsets {
        list.add_partition_offset(topic, *partition, Offset::Offset(offset)).map_err(explain)?;
    }
    consumer.commit(&list, CommitMode::Sync).map_err(explain)?;
    let failed = list.elements().into_iter().filter_map(|element| {
        let error = element.error().err()?;
        Some(((element.topic().to_owned(), element.partition()), explain(error)))
    });
    Ok(failed.collect())
}

pub(super) fn explain(error: KafkaError) -> String {
    error.to_string()
}
