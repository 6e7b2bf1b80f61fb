"""Many deferrals at once."""

from __future__ import annotations

import os
from datetime import datetime, timedelta, timezone

from airflow.sdk import DAG, task
from trigger_host_airflow.operators import WasmOperator
from trigger_host_airflow.sensors import WasmSensor

START = datetime(2026, 1, 1, tzinfo=timezone.utc)
GATES = os.environ["GATES"]

with DAG("many", start_date=START, schedule=None, max_active_tasks=500):

    @task
    def moments(params: dict, dag_run: object) -> list[dict]:
        """Give every deferral the same moment."""
        moment = datetime.now(timezone.utc) + timedelta(seconds=dag_run.conf["seconds"])
        return [{"moment": moment.isoformat()} for _ in range(dag_run.conf["deferrals"])]

    WasmSensor.partial(task_id="wait", classpath="wasm:date_time").expand(trigger_kwargs=moments())

# What outlives a host and an api-server: each job must be submitted once.
with DAG("survives", start_date=START, schedule=None):
    GATED = [{"gate": f"{GATES}/{{{{ run_id }}}}"}, {"fire": "through"}]
    for number in range(6):
        WasmSensor(task_id=f"gate_{number}", classpath="wasm:scripted", trigger_kwargs={"steps": GATED})
        WasmOperator(
            task_id=f"job_{number}",
            classpath="wasm:http_job",
            trigger_kwargs={"url": "{{ dag_run.conf['jobs'] }}", "body": {"millis": 30_000}, "interval": 0.5},
        )
