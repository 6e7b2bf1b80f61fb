//! The task instance of a waiting trigger, packed: a host may hold a million of them, and most are never read again.
//!
//! Invariant: what was packed comes out unchanged, except for the byte that joins the parts, which no id of Airflow
//! contains.

use uuid::Uuid;

use crate::TaskInstance;

/// A deferred task instance in one allocation: the names and the path of its log joined by one byte, and the UUID as
/// its 16 bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackedTask {
    id: Uuid,
    names: Box<str>,
    map_index: i32,
    try_number: u32,
}

const JOINT: char = '\0';

impl PackedTask {
    /// Packs a task instance; `id` is its UUID.
    pub fn new(id: Uuid, task: &TaskInstance) -> Self {
        let mut names = String::with_capacity(task.dag_id.len() + task.run_id.len() + task.task_id.len() + 2);
        for (at, part) in [&task.dag_id, &task.run_id, &task.task_id].into_iter().enumerate() {
            if at > 0 {
                names.push(JOINT);
            }
            names.extend(part.chars().filter(|letter| *letter != JOINT));
        }
        Self { id, names: names.into_boxed_str(), map_index: task.map_index, try_number: task.try_number }
    }

    /// Adds the path of its log, relative to the log folder, as the API gave it.
    #[must_use]
    pub fn with_log_path(mut self, path: &str) -> Self {
        // No real path contains the joining byte; what follows one is never read.
        self.names = format!("{}{JOINT}{path}", self.names).into_boxed_str();
        self
    }

    fn part(&self, at: usize) -> &str {
        self.names.split(JOINT).nth(at).unwrap_or_default()
    }

    /// The task instance's UUID.
    pub fn id(&self) -> Uuid {
        self.id
    }

    /// The Dag's id.
    pub fn dag_id(&self) -> &str {
        self.part(0)
    }

    /// The path of its log, relative to the log folder; `None` where the API does not say.
    pub fn log_path(&self) -> Option<&str> {
        self.names.split(JOINT).nth(3)
    }

    /// The task instance as a guest may see it.
    pub fn unpack(&self) -> TaskInstance {
        TaskInstance {
            dag_id: self.part(0).into(),
            run_id: self.part(1).into(),
            task_id: self.part(2).into(),
            map_index: self.map_index,
            try_number: self.try_number,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unpacks_what_it_packed() {
        let task = TaskInstance {
            dag_id: "d".into(),
            run_id: "manual__2026-01-01T00:00:00+00:00".into(),
            task_id: "group.t".into(),
            map_index: 4,
            try_number: 2,
        };
        let packed = PackedTask::new(Uuid::from_u128(7), &task);
        assert_eq!((packed.id(), packed.dag_id(), packed.log_path()), (Uuid::from_u128(7), "d", None));
        assert_eq!(packed.unpack(), task);
        let packed = packed.with_log_path("a/b.log");
        assert_eq!((packed.log_path(), packed.unpack()), (Some("a/b.log"), task));
    }
}
