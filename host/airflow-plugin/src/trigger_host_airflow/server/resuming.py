"""Resuming tasks: the payload goes into the stored kwargs as it is, and the task is scheduled.

``Trigger.submit_event`` of 3.3.2 decodes the payload and encodes it again, which fails the task when the payload is in
Airflow's own encoding (``__classname__``). So it is spliced in, and nothing is imported. See
docs/design/execution-api.md#jobs-and-triggers.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from airflow._shared.timezones import timezone
from airflow.models.taskinstance import TaskInstance
from airflow.models.trigger import _decode_next_kwargs
from airflow.sdk.serde import serialize
from airflow.utils.sqlalchemy import get_dialect_name
from airflow.utils.state import TaskInstanceState
from sqlalchemy import Uuid, bindparam, cast, column, func, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import DataError
from sqlalchemy.orm import Session

Kwargs = dict[str, Any]


@dataclass(frozen=True)
class Resumption:
    """A task to resume."""

    task_instance_id: UUID
    next_kwargs: Kwargs


def next_kwargs_with_event(stored: Kwargs | None, payload: Any) -> Kwargs:
    """Return the kwargs that the task resumes with.

    :raises Exception: the stored kwargs are in the old encoding and cannot be decoded.
    """
    kwargs = stored or {}
    if "__type" in kwargs or "__classname__" in kwargs:
        kwargs = serialize(_decode_next_kwargs(kwargs))
    return {**kwargs, "event": payload}


def resume(session: Session, resumptions: Sequence[tuple[int, Resumption]]) -> Iterator[tuple[int, DataError]]:
    """Schedule the tasks, in one statement. Yields the place of each that the database does not take."""
    if not resumptions:
        return
    try:
        with session.begin_nested():
            _write(session, [resumption for _, resumption in resumptions])
    except DataError as error:
        if len(resumptions) == 1:
            yield resumptions[0][0], error
            return
        half = len(resumptions) // 2
        yield from resume(session, resumptions[:half])
        yield from resume(session, resumptions[half:])


def _write(session: Session, resumptions: Sequence[Resumption]) -> None:
    now = timezone.utcnow()
    if get_dialect_name(session) == "postgresql":
        _write_at_once(session, resumptions, now)
        return
    table = TaskInstance.__table__
    statement = update(table).where(table.c.id == bindparam("of")).values(**_scheduled(now))
    statement = statement.values(next_kwargs=bindparam("kwargs"))
    session.connection().execute(
        statement, [{"of": one.task_instance_id, "kwargs": one.next_kwargs} for one in resumptions]
    )


def _write_at_once(session: Session, resumptions: Sequence[Resumption], now: datetime) -> None:
    rows = [{"id": str(one.task_instance_id), "kwargs": one.next_kwargs} for one in resumptions]
    given = (
        func.jsonb_to_recordset(cast(bindparam("rows", type_=JSONB), JSONB))
        .table_valued(column("id", Uuid), column("kwargs", JSONB))
        .render_derived(with_types=True)
    )
    table = TaskInstance.__table__
    statement = update(table).where(table.c.id == given.c.id).values(next_kwargs=given.c.kwargs, **_scheduled(now))
    session.execute(statement, {"rows": rows})


def _scheduled(now: datetime) -> dict[str, Any]:
    return {"state": TaskInstanceState.SCHEDULED, "trigger_id": None, "scheduled_dttm": now}
