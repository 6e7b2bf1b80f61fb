//! Assignment: which triggers a `load` gets. See docs/design/execution-api.md#jobs-and-triggers
//! and the measured tests/fixtures/assignment_probe.json.
//!
//! - New claims: at most `capacity - held` in all, at most `claims_per_class` of each class, in the order callbacks,
//!   tasks, assets.
//! - Callbacks and tasks go by priority, then age; assets by age.
//! - Task and asset triggers are free when nobody alive (by the caller's own threshold) holds them. **Callbacks go to
//!   whoever asks, even from a live holder**, and those the caller holds already use up its claims too.
//! - No queues, or an empty list: only rows without a queue. The team must be equal, none to none.

use std::collections::BTreeSet;

use rusqlite::{CachedStatement, Connection, Row, params};
use trigger_host_types::TriggerKind;

use super::{Write, jobs};
use crate::error::StoreError;

/// What a host asks for.
#[derive(Debug, Clone)]
pub(crate) struct Load {
    pub(crate) triggerer: i64,
    pub(crate) capacity: i64,
    /// Seconds.
    pub(crate) threshold: f64,
    /// Never an empty list: that is `[None]`.
    pub(crate) queues: Vec<Option<String>>,
    pub(crate) team: Option<String>,
}

impl Load {
    /// An empty list acts as none.
    pub(crate) fn queues(queues: Option<Vec<String>>) -> Vec<Option<String>> {
        match queues.filter(|queues| !queues.is_empty()) {
            None => vec![None],
            Some(queues) => queues.into_iter().collect::<BTreeSet<_>>().into_iter().map(Some).collect(),
        }
    }
}

/// A row that may be claimed; the order is the order of claims.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Candidate {
    /// The negated priority weight, so that more is first.
    weight: i64,
    created: i64,
    id: i64,
}

impl Candidate {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self { weight: -row.get::<_, i64>(1)?, created: row.get(2)?, id: row.get(0)? })
    }
}

/// Assigns what the caller may have. Its list is [`held`]'s.
pub(crate) fn claim(write: &Write<'_>, load: &Load) -> Result<(), StoreError> {
    let held: i64 = write
        .connection
        .prepare_cached("SELECT count(*) FROM triggers WHERE triggerer_id = ?1")?
        .query_row([load.triggerer], |row| row.get(0))?;
    let Some(mut room) = usize::try_from(load.capacity.saturating_sub(held)).ok().filter(|room| *room > 0) else {
        return Ok(());
    };
    let free = free_holders(write, load.threshold)?;
    let mut assign = write.connection.prepare_cached("UPDATE triggers SET triggerer_id = ?2 WHERE id = ?1")?;
    for kind in [TriggerKind::Callback, TriggerKind::Task, TriggerKind::Asset] {
        let most = room.min(write.claims_per_class);
        if most == 0 {
            break;
        }
        for candidate in candidates(write.connection, load, kind, &free, most)? {
            assign.execute(params![candidate.id, load.triggerer])?;
            room -= 1;
        }
    }
    Ok(())
}

/// Nobody, and everybody who holds triggers without being alive.
fn free_holders(write: &Write<'_>, threshold: f64) -> Result<Vec<Option<i64>>, StoreError> {
    // SQLite has no loose index scan, so each holder is found by a search of its own instead of a walk over all held
    // rows.
    let mut select = write.connection.prepare_cached(
        "WITH RECURSIVE holder(id) AS (
             SELECT min(triggerer_id) FROM triggers WHERE triggerer_id IS NOT NULL
             UNION ALL
             SELECT (SELECT min(triggerer_id) FROM triggers WHERE triggerer_id > holder.id) FROM holder WHERE holder.id IS NOT NULL)
         SELECT id FROM holder WHERE id IS NOT NULL",
    )?;
    let alive = jobs::alive(write, threshold)?;
    let mut free = vec![None];
    for holder in select.query_map([], |row| row.get::<_, i64>(0))? {
        let holder = holder?;
        if !alive.contains(&holder) {
            free.push(Some(holder));
        }
    }
    Ok(free)
}

fn candidates(
    connection: &Connection,
    load: &Load,
    kind: TriggerKind,
    free: &[Option<i64>],
    most: usize,
) -> Result<Vec<Candidate>, StoreError> {
    let limit = i64::try_from(most).unwrap_or(i64::MAX);
    let mut found = Vec::new();
    let mut select = connection.prepare_cached(if kind == TriggerKind::Callback { CALLBACKS } else { FREE })?;
    for queue in &load.queues {
        if kind == TriggerKind::Callback {
            collect(&mut select, params![queue, load.team, limit], &mut found)?;
            continue;
        }
        for holder in free {
            collect(&mut select, params![queue, load.team, limit, kind.as_str(), holder], &mut found)?;
        }
    }
    found.sort_unstable();
    found.truncate(most);
    Ok(found)
}

fn collect(
    select: &mut CachedStatement<'_>,
    parameters: &[&dyn rusqlite::ToSql],
    into: &mut Vec<Candidate>,
) -> Result<(), StoreError> {
    for candidate in select.query_map(parameters, Candidate::read)? {
        into.push(candidate?);
    }
    Ok(())
}

const CALLBACKS: &str = "SELECT id, priority_weight, created FROM triggers
    WHERE linked = 1 AND kind = 'callback' AND queue IS ?1 AND team IS ?2 ORDER BY priority_weight DESC, created, id LIMIT ?3";

const FREE: &str = "SELECT id, priority_weight, created FROM triggers
    WHERE linked = 1 AND kind = ?4 AND queue IS ?1 AND team IS ?2 AND triggerer_id IS ?5
    ORDER BY priority_weight DESC, created, id LIMIT ?3";

const HELD: &str = "SELECT id FROM triggers WHERE triggerer_id = ?1 AND queue IS ?2 AND team IS ?3 ORDER BY id";

/// All triggers assigned to the caller in its queues and team, new and old.
pub(crate) fn held(connection: &Connection, load: &Load) -> Result<Vec<i64>, StoreError> {
    let mut select = connection.prepare_cached(HELD)?;
    let mut ids = Vec::new();
    for queue in &load.queues {
        for id in select.query_map(params![load.triggerer, queue, load.team], |row| row.get(0))? {
            ids.push(id?);
        }
    }
    ids.sort_unstable();
    Ok(ids)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Database;
    use crate::store::schema;

    /// A sort or a walk over all rows would make each second of each host cost as many milliseconds as there are rows
    /// in thousands.
    #[test]
    fn an_index_serves_every_query() {
        let connection = schema::open(&Database::Memory, None).unwrap();
        for sql in [CALLBACKS, FREE, HELD] {
            let mut explain = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
            let wanted = explain.parameter_count();
            let parameters = rusqlite::params_from_iter(std::iter::repeat_n(1, wanted));
            let plan: Vec<String> =
                explain.query_map(parameters, |row| row.get(3)).unwrap().map(Result::unwrap).collect();
            assert!(plan.len() == 1 && plan[0].contains("USING COVERING INDEX"), "{sql}: {plan:?}");
        }
    }
}
