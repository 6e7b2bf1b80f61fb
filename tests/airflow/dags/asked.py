"""A task whose trigger asks Airflow while it waits."""

from __future__ import annotations

import os
from datetime import datetime, timezone
from typing import Any

from airflow.sdk import DAG, task
from trigger_host_airflow.sensors import WasmSensor

GATES = os.environ["GATES"]

with DAG("asked", start_date=datetime(2026, 1, 1, tzinfo=timezone.utc), schedule=None):

    @task
    def first() -> dict[str, Any]:
        """Push an XCom that JSON alone has no words for."""
        return {"rows": 3, "at": datetime(2026, 1, 31, 12, tzinfo=timezone.utc)}

    # What is asked, by name: the names are the test's.
    ASK = [
        ["variable", "jobs_limit"],
        ["put-variable", "jobs_cursor", "{{ run_id }}"],
        ["xcom", "first", "return_value"],
        ["set-xcom", "seen", {"rows": 3}],
        ["connection", "jobs_api"],
        ["http", f"{GATES}/lent-{{{{ run_id }}}}", "jobs_api"],
        ["http", f"{GATES}/not-lent-{{{{ run_id }}}}"],
        ["task-states", "asked"],
        ["own-run"],
        ["variable", "other"],
        ["log-variable", "jobs_password"],
    ]
    asks = WasmSensor(task_id="asks", classpath="wasm:asker", trigger_kwargs={"ask": ASK})
    first() >> asks
