"""A task whose trigger writes lines while it waits."""

from __future__ import annotations

import os
from datetime import datetime, timezone

from airflow.sdk import DAG
from trigger_host_airflow.sensors import WasmSensor

GATES = os.environ["GATES"]
STEPS = [{"log": "before the gate"}, {"gate": f"{GATES}/{{{{ run_id }}}}"}, {"log": "behind the gate"}, {"fire": 1}]

with DAG("logged", start_date=datetime(2026, 1, 1, tzinfo=timezone.utc), schedule=None):
    WasmSensor(task_id="wait", classpath="wasm:scripted", trigger_kwargs={"steps": STEPS})
