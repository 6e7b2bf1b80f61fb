//! The task instance of a waiting trigger, packed: a million of them are held, and most are never looked at again.

use trigger_host_types::TaskInstance;
use uuid::Uuid;

/// The names joined by a byte that no id of Airflow holds, in one allocation; the UUID as its 16 bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PackedTask {
    id: Uuid,
    names: Box<str>,
    map_index: i32,
    try_number: u32,
}

const JOINT: char = '\0';

impl PackedTask {
    /// `id` is the task instance's.
    pub(crate) fn new(id: Uuid, task: &TaskInstance) -> Self {
        let mut names = String::with_capacity(task.dag_id.len() + task.run_id.len() + task.task_id.len() + 2);
        for (at, part) in [&task.dag_id, &task.run_id, &task.task_id].into_iter().enumerate() {
            if at > 0 {
                names.push(JOINT);
            }
            names.extend(part.chars().filter(|letter| *letter != JOINT));
        }
        Self { id, names: names.into_boxed_str(), map_index: task.map_index, try_number: task.try_number }
    }

    fn part(&self, at: usize) -> &str {
        self.names.split(JOINT).nth(at).unwrap_or_default()
    }

    /// The task instance's UUID.
    pub(crate) fn id(&self) -> Uuid {
        self.id
    }

    /// The Dag's id.
    pub(crate) fn dag_id(&self) -> &str {
        self.part(0)
    }

    /// As the guest sees it.
    pub(crate) fn unpack(&self) -> TaskInstance {
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
        assert_eq!((packed.id(), packed.dag_id(), packed.unpack()), (Uuid::from_u128(7), "d", task));
    }
}
