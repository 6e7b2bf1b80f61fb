"""An asset whose watcher runs in the host, and the Dag that its events start; and a deadline whose callback does."""

from __future__ import annotations

import os
from datetime import datetime, timedelta, timezone

from airflow.sdk import DAG, Asset, AsyncCallback, DeadlineAlert, DeadlineReference, task
from trigger_host_airflow.assets import wasm_watcher
from trigger_host_airflow.sensors import WasmSensor

START = datetime(2026, 1, 1, tzinfo=timezone.utc)
GATES = os.environ["GATES"]

VISITS = [{"gate": f"{GATES}/door"}, {"fire": {"who": "a guest"}}, {"gate": f"{GATES}/never"}]
door = Asset("door", watchers=[wasm_watcher("door", "wasm:scripted", {"steps": VISITS})])

with DAG("opened", start_date=START, schedule=[door]):

    @task
    def who(triggering_asset_events: dict) -> list:
        """Give the payloads of the events that started this run."""
        return [event.extra["payload"] for events in triggering_asset_events.values() for event in events]

    who()

TELL = [
    {"log": "the run is late"},
    {"fire": {"state": "running"}},
    {"gate": f"{GATES}/told"},
    {"fire": {"state": "success", "body": "told"}},
]

with DAG(
    "late",
    start_date=START,
    schedule=None,
    deadline=DeadlineAlert(
        reference=DeadlineReference.DAGRUN_QUEUED_AT,
        interval=timedelta(seconds=1),
        callback=AsyncCallback("callbacks.notify", kwargs={"steps": TELL}),
    ),
):
    LATE = {"steps": [{"gate": f"{GATES}/late"}, {"fire": 1}]}
    WasmSensor(task_id="slow", classpath="wasm:scripted", trigger_kwargs=LATE)
