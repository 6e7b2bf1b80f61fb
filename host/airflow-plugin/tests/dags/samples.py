"""Dags of the tests. Their triggers are run by nobody: what matters is their rows."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, Asset, AssetWatcher, BaseOperator
from airflow.triggers.base import BaseEventTrigger, StartTriggerArgs


class Watch(BaseEventTrigger):
    """A class path for a component."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def serialize(self) -> tuple[str, dict[str, Any]]:
        return "wasm:watch", {"name": self.name}

    async def run(self):
        raise NotImplementedError
        yield


class StartsFromTrigger(BaseOperator):
    """Waits before any worker has run it."""

    template_fields = ("path",)
    start_from_trigger = True

    def __init__(self, *, path: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.path = path
        self.start_trigger_args = StartTriggerArgs(
            trigger_cls="wasm:start",
            trigger_kwargs={"path": path},
            next_method="resume",
            timeout=timedelta(hours=1),
        )

    def execute(self, context):
        raise NotImplementedError


incoming = Asset(name="incoming", uri="s3://bucket/incoming", watchers=[AssetWatcher(name="w", trigger=Watch("a"))])

with DAG("samples", schedule=None, start_date=datetime(2026, 1, 1, tzinfo=timezone.utc)):
    EmptyOperator(task_id="plain")
    EmptyOperator(task_id="again", retries=2, on_failure_callback=print)
    StartsFromTrigger(task_id="start", path="/data/{{ ds }}")

with DAG("on_incoming", schedule=[incoming], start_date=datetime(2026, 1, 1, tzinfo=timezone.utc)):
    EmptyOperator(task_id="downstream")
