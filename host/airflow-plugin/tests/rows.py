"""Rows as Airflow makes them when a task defers, written straight into the database."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any
from uuid import UUID

import uuid6
from airflow.models.dagbag import DBDagBag
from airflow.models.taskinstance import TaskInstance
from airflow.models.trigger import Trigger
from airflow.utils.session import create_session
from airflow.utils.state import DagRunState, TaskInstanceState
from airflow.utils.types import DagRunTriggeredByType, DagRunType
from sqlalchemy import insert, select, update

_runs = itertools.count()


@dataclass(frozen=True)
class Deferred:
    """A task instance that waits for a trigger."""

    trigger_id: int
    task_instance_id: UUID
    run_id: str
    task_id: str
    map_index: int = -1

    def row(self, *columns: str) -> Any:
        """Read its columns."""
        with create_session(scoped=False) as session:
            found = session.execute(
                select(*(getattr(TaskInstance, name) for name in columns)).where(
                    TaskInstance.dag_id == "samples",
                    TaskInstance.run_id == self.run_id,
                    TaskInstance.task_id == self.task_id,
                    TaskInstance.map_index == self.map_index,
                )
            ).one()
        return found[0] if len(columns) == 1 else tuple(found)


def new_run(run_id: str | None = None) -> str:
    """Make a run of the Dag `samples`."""
    run_id = run_id or f"run-{next(_runs)}"
    now = datetime.now(timezone.utc)
    with create_session(scoped=False) as session:
        dag = DBDagBag().get_latest_version_of_dag("samples", session=session)
        assert dag
        dag.create_dagrun(
            run_id=run_id,
            logical_date=now,
            data_interval=(now, now),
            run_after=now,
            run_type=DagRunType.MANUAL,
            triggered_by=DagRunTriggeredByType.TEST,
            state=DagRunState.RUNNING,
            session=session,
        )
    return run_id


def defer(
    task_id: str = "plain",
    *,
    run_id: str | None = None,
    classpath: str = "wasm:demo",
    kwargs: str = "{}",
    next_kwargs: Any = None,
    timeout: datetime | None = None,
    job: int | None = None,
) -> Deferred:
    """Defer a task of a run, a new one when none is named."""
    run_id = run_id or new_run()
    with create_session(scoped=False) as session:
        trigger = Trigger(classpath=classpath, kwargs={})
        trigger.encrypted_kwargs = kwargs
        trigger.triggerer_id = job
        session.add(trigger)
        session.flush()
        where = (TaskInstance.dag_id == "samples", TaskInstance.run_id == run_id, TaskInstance.task_id == task_id)
        values = {
            "state": TaskInstanceState.DEFERRED,
            "trigger_id": trigger.id,
            "try_number": 1,
            "start_date": datetime.now(timezone.utc),
            "next_method": "execute_complete",
            "next_kwargs": next_kwargs,
            "trigger_timeout": timeout,
        }
        session.execute(update(TaskInstance).where(*where).values(**values))
        found = session.scalar(select(TaskInstance.id).where(*where))
        assert found
        return Deferred(trigger.id, found, run_id, task_id)


def defer_many(count: int, *, job: int | None = None, next_kwargs: Any = None) -> list[Deferred]:
    """Defer as many mapped instances of one task of a new run."""
    model = defer(next_kwargs=next_kwargs)
    with create_session(scoped=False) as session:
        now = datetime.now(timezone.utc)
        rows = [
            {"classpath": "wasm:demo", "kwargs": "{}", "created_date": now, "triggerer_id": job, "queue": "wasm"}
            for _ in range(count)
        ]
        table = Trigger.__table__
        ids = list(session.scalars(insert(table).values(rows).returning(table.c.id)))
        task_table = TaskInstance.__table__
        original = session.execute(select(task_table).where(task_table.c.id == model.task_instance_id)).mappings().one()
        copies = [
            {**original, "id": uuid6.uuid7(), "map_index": place, "trigger_id": trigger_id}
            for place, trigger_id in enumerate(ids)
        ]
        for start in range(0, count, 500):
            session.execute(insert(task_table).values(copies[start : start + 500]))
    return [Deferred(copy["trigger_id"], copy["id"], model.run_id, "plain", copy["map_index"]) for copy in copies]
