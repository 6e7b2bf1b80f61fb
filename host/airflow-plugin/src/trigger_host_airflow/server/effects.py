"""What Airflow's own functions do with an event: end a task, tell an asset, tell a callback."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from airflow.assets.manager import AssetManager
from airflow.models.asset import AssetWatcherModel
from airflow.models.taskinstance import TaskInstance
from airflow.models.trigger import Trigger, handle_event_submit
from airflow.models.xcom import XComModel
from airflow.sdk.serde import deserialize
from airflow.triggers.base import BaseTaskEndEvent, TaskFailedEvent, TaskSkippedEvent, TaskSuccessEvent, TriggerEvent
from airflow.utils.state import TaskInstanceState
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, lazyload, selectinload

from trigger_host_airflow.server.models import EndKind

_ENDS: dict[EndKind, type[BaseTaskEndEvent]] = {
    "task-success": TaskSuccessEvent,
    "task-failed": TaskFailedEvent,
    "task-skipped": TaskSkippedEvent,
}


def endable(session: Session, ids: Collection[UUID]) -> dict[UUID, TaskInstance]:
    """Load task instances with what ending them needs."""
    query = select(TaskInstance).where(TaskInstance.id.in_(ids)).options(joinedload(TaskInstance.dag_model))
    return {task_instance.id: task_instance for task_instance in session.scalars(query)}


def end_tasks(session: Session, tasks: Sequence[TaskInstance], kind: EndKind, xcoms: dict[str, Any]) -> None:
    """End tasks without a worker. One that failed with tries left goes up for retry, and its XComs are not pushed.

    XComs are in the encoding that a worker sends, and stored as they are. Airflow's function would encode them again
    (a text would come back with quotes), and in a transaction of its own.
    """
    for task_instance in tasks:
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


def watching(session: Session, trigger_ids: Collection[int]) -> dict[int, Trigger]:
    """Load those of these triggers that an asset or a callback hangs on."""
    query = (
        select(Trigger)
        .where(Trigger.id.in_(trigger_ids))
        .options(
            lazyload(Trigger.task_instance),
            selectinload(Trigger.asset_watchers).joinedload(AssetWatcherModel.asset),
            selectinload(Trigger.callback),
        )
    )
    triggers = session.scalars(query)
    return {trigger.id: trigger for trigger in triggers if trigger.asset_watchers or trigger.callback}


def tell_watchers(session: Session, trigger: Trigger, payload: Any, *, fire: bool) -> None:
    """Make an event of each asset that hangs on the trigger, or tell its callback. The payload is decoded.

    What ``Trigger.submit_event`` does, which would look everything up again for each event. An event that ends a task
    means nothing to an asset.

    :raises Exception: the payload is of a class that this server does not allow, or no object for a callback.
    """
    event = TriggerEvent(deserialize(payload))
    if fire:
        for asset in trigger.assets:
            AssetManager.register_asset_change(
                asset=asset.to_serialized(),
                extra={"from_trigger": True, "payload": event.payload},
                session=session,
            )
    if trigger.callback:
        trigger.callback.handle_event(event, session)
    # What the database does not take has to show in this event's savepoint.
    session.flush()
