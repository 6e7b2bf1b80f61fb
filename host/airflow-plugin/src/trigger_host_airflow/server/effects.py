"""What Airflow's own functions do with an event: end a task, tell an asset, tell a callback."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from airflow.models.taskinstance import TaskInstance
from airflow.models.trigger import Trigger, handle_event_submit
from airflow.models.xcom import XComModel
from airflow.sdk.serde import deserialize
from airflow.triggers.base import BaseTaskEndEvent, TaskFailedEvent, TaskSkippedEvent, TaskSuccessEvent, TriggerEvent
from airflow.utils.state import TaskInstanceState
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from trigger_host_airflow.server.models import EndKind

_ENDS: dict[EndKind, type[BaseTaskEndEvent]] = {
    "task-success": TaskSuccessEvent,
    "task-failed": TaskFailedEvent,
    "task-skipped": TaskSkippedEvent,
}


def end_tasks(session: Session, ids: Sequence[UUID], kind: EndKind, xcoms: dict[str, Any]) -> None:
    """End tasks without a worker. One that failed with tries left goes up for retry, and its XComs are not pushed.

    XComs are in the encoding that a worker sends, and stored as they are. Airflow's function would encode them again
    (a text would come back with quotes), and in a transaction of its own.
    """
    query = select(TaskInstance).where(TaskInstance.id.in_(ids)).options(joinedload(TaskInstance.dag_model))
    for task_instance in session.scalars(query):
        handle_event_submit(_ENDS[kind](), task_instance=task_instance, session=session)
        if task_instance.state == TaskInstanceState.UP_FOR_RETRY:
            continue
        for key, value in xcoms.items():
            XComModel.set(
                key,
                value,
                dag_id=task_instance.dag_id,
                task_id=task_instance.task_id,
                run_id=task_instance.run_id,
                map_index=task_instance.map_index,
                serialize=False,
                session=session,
            )


def tell_watchers(session: Session, trigger_id: int, payload: Any, *, fire: bool) -> None:
    """Make an event of each asset that hangs on the trigger, or tell its callback. The payload is decoded.

    An event that ends a task means nothing to an asset.

    :raises Exception: the payload is of a class that this server does not allow, or no object for a callback.
    """
    trigger = session.get(Trigger, trigger_id)
    if trigger is None or (trigger.callback is None and not fire):
        return
    Trigger.submit_event(trigger_id, TriggerEvent(deserialize(payload)), session=session)
    # What the database does not take has to show in this event's savepoint.
    session.flush()
