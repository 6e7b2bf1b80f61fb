"""Checkpoints: where a trigger left off, kept while its row lives. Semantics: docs/embedded-api.md."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from airflow.models.trigger import Trigger
from airflow.utils.sqlalchemy import with_row_locks
from fastapi import HTTPException
from sqlalchemy import and_, delete, exists, insert, select, update
from sqlalchemy.orm import Session

from trigger_host_airflow.server.problem import Problem
from trigger_host_airflow.server.storage import checkpoint_table as table


@dataclass(frozen=True)
class Checkpoint:
    """What is to be stored."""

    trigger_id: int
    job_id: int
    position: int
    value: str | None


def _of_its_trigger() -> Any:
    return and_(table.c.trigger_id == Trigger.id, table.c.trigger_created == Trigger.created_date)


def store(session: Session, checkpoint: Checkpoint) -> None:
    """Store a checkpoint if its sender holds the trigger and is ahead of what is stored.

    :raises HTTPException: 404 for an unknown trigger, 409 with the reason ``not_holder`` or ``stale_position``.
    """
    trigger_id = checkpoint.trigger_id
    query = select(Trigger.triggerer_id, Trigger.created_date).where(Trigger.id == trigger_id)
    # Locked, so that two checkpoints of one trigger come one after the other.
    trigger = session.execute(with_row_locks(query, session)).one_or_none()
    if trigger is None:
        raise HTTPException(404, f"Trigger {trigger_id} not found")
    if trigger.triggerer_id != checkpoint.job_id:
        message = f"Trigger {trigger_id} is not assigned to job {checkpoint.job_id}"
        raise Problem(409, "not_holder", message)
    stored = session.execute(
        select(table.c.position, table.c.trigger_created).where(table.c.trigger_id == trigger_id)
    ).one_or_none()
    values = {"trigger_created": trigger.created_date, "position": checkpoint.position, "value": checkpoint.value}
    if stored is None:
        session.execute(insert(table).values(trigger_id=trigger_id, **values))
        return
    if stored.trigger_created == trigger.created_date and checkpoint.position <= stored.position:
        message = f"A checkpoint of trigger {trigger_id} at position {checkpoint.position} or later is stored"
        raise Problem(409, "stale_position", message)
    session.execute(update(table).where(table.c.trigger_id == trigger_id).values(**values))


def stored(session: Session, trigger_ids: Collection[int]) -> dict[int, dict[str, Any]]:
    """Return the checkpoints of these triggers, as a workload carries them."""
    query = select(table.c.trigger_id, table.c.position, table.c.value)
    query = query.join(Trigger, _of_its_trigger()).where(table.c.trigger_id.in_(trigger_ids))
    return {row.trigger_id: {"position": row.position, "value": row.value} for row in session.execute(query)}


def forget_orphans(session: Session) -> None:
    """Delete the checkpoints of triggers that are gone."""
    session.execute(delete(table).where(~exists().where(_of_its_trigger())))
