"""Rows of triggers that no task waits for."""

from __future__ import annotations

from typing import Any

from airflow.models.asset import AssetEvent, AssetModel, AssetWatcherModel
from airflow.models.callback import Callback, TriggererCallback
from airflow.models.trigger import Trigger
from airflow.sdk import AsyncCallback
from airflow.utils.session import create_session
from sqlalchemy import delete, select


async def not_run() -> None:
    """Stands for a deadline's callback."""


def watch_asset(job: int | None = None) -> int:
    """Hang a new trigger on the asset `incoming`, which has no events afterwards."""
    with create_session() as session:
        asset = session.scalars(select(AssetModel).where(AssetModel.name == "incoming")).one()
        trigger = Trigger(classpath="wasm:asset", kwargs={})
        trigger.triggerer_id = job
        session.add(trigger)
        session.flush()
        session.add(AssetWatcherModel(name=f"w-{trigger.id}", asset_id=asset.id, trigger_id=trigger.id))
        session.execute(delete(AssetEvent))
        return trigger.id


def asset_events() -> list[Any]:
    """Return the payloads of the events that the asset has."""
    with create_session() as session:
        extras = session.scalars(select(AssetEvent.extra).order_by(AssetEvent.id)).all()
    assert all(extra["from_trigger"] for extra in extras)
    return [extra["payload"] for extra in extras]


def call_back() -> int:
    """Queue a callback; return its trigger."""
    with create_session() as session:
        callback = TriggererCallback(AsyncCallback(not_run, kwargs={}))
        session.add(callback)
        session.flush()
        callback.queue(session=session)
        session.flush()
        return callback.trigger_id


def callback_states() -> list[str | None]:
    """Return the states of all callbacks."""
    with create_session() as session:
        return list(session.scalars(select(Callback.state).where(Callback.type == "triggerer")))
