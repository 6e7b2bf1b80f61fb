"""Deferrals that end with an event, a failure or a timeout."""

from __future__ import annotations

import os
from datetime import datetime, timedelta, timezone

from airflow.providers.standard.sensors.date_time import DateTimeSensorAsync
from airflow.providers.standard.sensors.time_delta import TimeDeltaSensorAsync
from airflow.sdk import DAG, task
from trigger_host_airflow.sensors import WasmSensor

START = datetime(2026, 1, 1, tzinfo=timezone.utc)
GATES = os.environ["GATES"]


def gate(name: str) -> dict[str, str]:
    """Wait at a gate of this run of the Dag."""
    return {"gate": f"{GATES}/{name}-{{{{ run_id }}}}"}


with DAG("standard", start_date=START, schedule=None):
    DateTimeSensorAsync(task_id="moment", target_time="{{ dag_run.conf['moment'] }}")
    TimeDeltaSensorAsync(task_id="delta", delta=timedelta(seconds=12))

with DAG("payload", start_date=START, schedule=None):
    PAYLOAD = {"rows": 3, "run": "{{ run_id }}", "deep": [{"a": None}, 1.5]}
    wait = WasmSensor(
        task_id="wait",
        classpath="wasm:scripted",
        trigger_kwargs={"steps": [gate("payload"), {"fire": PAYLOAD}]},
        payload_check=lambda payload: payload["rows"] == 3,
    )

    @task
    def double(payload: dict[str, int]) -> int:
        """Use the payload."""
        return 2 * payload["rows"]

    double(wait.output)

    WasmSensor(
        task_id="refused",
        classpath="wasm:scripted",
        trigger_kwargs={"steps": [{"fire": {"rows": 0}}]},
        payload_check=lambda payload: payload["rows"] == 3,
        soft_fail=True,
    )

with DAG("failure", start_date=START, schedule=None):
    RAISES = ["no such table: reports", "asked for: reports", "there are: orders, rows"]
    WasmSensor(
        task_id="fails",
        classpath="wasm:scripted",
        trigger_kwargs={"steps": [{"log": "I look for the table"}, {"raise": RAISES}]},
    )
    WasmSensor(task_id="wrong", classpath="wasm:scripted", trigger_kwargs={"steps": [{"dance": 1}]})
    WasmSensor(task_id="unmapped", classpath="wasm:nobody_has_it")

with DAG("timeout", start_date=START, schedule=None):
    NEVER = {"steps": [{"gate": f"{GATES}/never"}]}
    WasmSensor(task_id="fails", classpath="wasm:scripted", trigger_kwargs=NEVER, timeout=5)
    WasmSensor(task_id="skips", classpath="wasm:scripted", trigger_kwargs=NEVER, timeout=5, soft_fail=True)
