"""What Airflow's own functions do with an event: end a task, tell an asset, tell a callback."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from airflow._shared.observability.metrics import stats
from airflow.assets.manager import AssetManager
from airflow.listeners.types import AssetEvent as ListenerAssetEvent
from airflow.models.asset import AssetEvent, AssetWatcherModel
from airflow.models.taskinstance import TaskInstance
from airflow.models.trigger import Trigger, handle_event_submit
from airflow.models.xcom import XComModel
from airflow.sdk.serde import deserialize
from airflow.serialization.definitions.assets import SerializedAsset
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


def decoded(payload: Any) -> Any:
    """Decode a payload for an asset or a callback, with Airflow's own list of classes.

    :raises Exception: the payload is of a class that this server does not allow.
    """
    return deserialize(payload)


def tell_callback(session: Session, trigger: Trigger, payload: Any) -> None:
    """Tell the callback that hangs on the trigger, if it still does.

    :raises Exception: the payload is no object.
    """
    if trigger.callback:
        trigger.callback.handle_event(TriggerEvent(payload), session)
    # What the database does not take has to show in this event's savepoint.
    session.flush()


def tell_assets(session: Session, trigger: Trigger, payloads: Sequence[Any]) -> None:
    """Make an event of each asset that hangs on the trigger, for each of at least one payload.

    The last goes through Airflow's own function, which queues Dag runs: they come after all these events and consume
    them together. The function would look everything up again for each of the others, and change nothing more than is
    done here: a row, and listeners told.
    """
    *earlier, last = ({"from_trigger": True, "payload": payload} for payload in payloads)
    for asset in trigger.assets:
        serialized = asset.to_serialized()
        session.add_all(AssetEvent(asset_id=asset.id, extra=extra) for extra in earlier)
        session.flush()
        for extra in earlier:
            _notify(serialized, extra)
        AssetManager.register_asset_change(asset=serialized, extra=last, session=session)
    session.flush()


def _notify(asset: SerializedAsset, extra: dict[str, Any]) -> None:
    AssetManager.notify_asset_changed(asset=asset)
    emitted = ListenerAssetEvent(
        asset=asset,
        extra=extra,
        source_dag_id=None,
        source_task_id=None,
        source_run_id=None,
        source_map_index=None,
        source_aliases=[],
        partition_key=None,
        partition_date=None,
    )
    AssetManager.nofity_asset_event_emitted(asset_event=emitted)
    stats.incr("asset.updates")
