"""Many deferrals at once."""

from __future__ import annotations

import os
from datetime import datetime, timezone
from typing import Any

from airflow.sdk import DAG, BaseOperator, task
from airflow.triggers.base import StartTriggerArgs
from trigger_host_airflow.operators import WasmOperator
from trigger_host_airflow.sensors import WasmSensor

START = datetime(2026, 1, 1, tzinfo=timezone.utc)
GATES = os.environ["GATES"]


class Together(BaseOperator):
    """Waits without a worker, even where it is mapped: Airflow takes what the class says."""

    start_from_trigger = True
    start_trigger_args = StartTriggerArgs(
        trigger_cls="wasm:scripted",
        trigger_kwargs={"steps": [{"wait": 20}, {"succeed": {"return_value": "done"}}]},
        next_method="execute_complete",
    )

    def __init__(self, *, number: int, **operator: Any) -> None:
        super().__init__(**operator)
        self.number = number


with DAG("many", start_date=START, schedule=None):
    Together.partial(task_id="wait").expand(number=list(range(500)))

# With a worker before and after each.
with DAG("several", start_date=START, schedule=None):

    @task
    def numbers() -> list[dict]:
        """Give every deferral its own kwargs."""
        return [{"steps": [{"wait": 5}, {"fire": number}]} for number in range(40)]

    WasmSensor.partial(task_id="wait", classpath="wasm:scripted").expand(trigger_kwargs=numbers())

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
