"""What is measured: the standard sensor, which Airflow's own triggerer can serve as well."""

from __future__ import annotations

from datetime import datetime, timezone

from airflow.providers.standard.sensors.date_time import DateTimeSensorAsync
from airflow.sdk import DAG

for name in ("race", "crowd"):
    with DAG(name, start_date=datetime(2026, 1, 1, tzinfo=timezone.utc), schedule=None):
        DateTimeSensorAsync(task_id="moment", target_time="{{ dag_run.conf['moment'] }}")
