"""Triggers that begin or end a task without a worker, and one that the user stops."""

from __future__ import annotations

import os
from datetime import datetime, timedelta, timezone

from airflow.providers.standard.sensors.date_time import DateTimeSensorAsync
from airflow.providers.standard.sensors.time_delta import WaitSensor
from airflow.sdk import DAG, task
from trigger_host_airflow.operators import WasmOperator
from trigger_host_airflow.sensors import WasmSensor

START = datetime(2026, 1, 1, tzinfo=timezone.utc)
GATES = os.environ["GATES"]

with DAG("killed", start_date=START, schedule=None):
    WasmOperator(
        task_id="job",
        classpath="wasm:http_job",
        trigger_kwargs={"url": "{{ dag_run.conf['jobs'] }}", "body": {"millis": 3_600_000}, "interval": 0.5},
    )

with DAG("from_trigger", start_date=START, schedule=None):
    WasmSensor(
        task_id="plain",
        classpath="wasm:time_delta",
        trigger_kwargs={"delta": timedelta(seconds=2)},
        start_from_trigger=True,
    )
    WasmSensor(
        task_id="timeout",
        classpath="wasm:scripted",
        trigger_kwargs={"steps": [{"gate": f"{GATES}/never"}]},
        timeout=5,
        soft_fail=True,
        start_from_trigger=True,
    )

with DAG("templates", start_date=START, schedule=None):
    DateTimeSensorAsync(task_id="standard", target_time="{{ dag_run.conf['moment'] }}", start_from_trigger=True)
    WasmSensor(
        task_id="known",
        classpath="wasm:scripted",
        trigger_kwargs={"steps": [{"fire": {"run": "{{ run_id }}", "say": "{{ dag_run.conf['say'] }}"}}]},
        start_from_trigger=True,
    )
    WasmSensor(
        task_id="unknown",
        classpath="wasm:scripted",
        trigger_kwargs={"steps": [{"fire": "{{ macros.uuid.uuid4() }}"}]},
        start_from_trigger=True,
    )

with DAG("ended", start_date=START, schedule=None):
    # Standard, with end_from_trigger.
    WaitSensor(task_id="standard", time_to_wait=timedelta(seconds=4), deferrable=True)
    XCOMS = {"return_value": {"rows": 3}, "note": "ended by the trigger"}
    succeeds = WasmSensor(
        task_id="succeeds",
        classpath="wasm:scripted",
        trigger_kwargs={"steps": [{"succeed": XCOMS}]},
        start_from_trigger=True,
    )
    WasmSensor(task_id="fails", classpath="wasm:scripted", trigger_kwargs={"steps": [{"fail_task": {"note": "why"}}]})
    WasmSensor(task_id="skips", classpath="wasm:scripted", trigger_kwargs={"steps": [{"skip_task": {}}]})

    @task
    def read(result: dict) -> int:
        """Use the XCom that the trigger pushed."""
        return result["rows"]

    read(succeeds.output)
