"""Deferrals that end with an event, a failure or a timeout."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from conftest import Deployment
from deployment.api import Api


def test_standard_sensors_are_served_unchanged(deployment: Deployment, api: Api) -> None:
    fired = deployment.host.metric("trigger_host_events_fired_total")
    moment = datetime.now(timezone.utc) + timedelta(seconds=12)
    run = api.start("standard", moment=moment.isoformat())
    assert api.wait_for_run(run) == "success"
    for sensor in ("moment", "delta"):
        task = api.task(run, sensor)
        assert "Pausing task as DEFERRED" in api.log(run, sensor)
        assert datetime.fromisoformat(task["end_date"]) >= moment - timedelta(seconds=2)
    assert deployment.host.metric("trigger_host_events_fired_total") == fired + 2


def test_payload_is_the_result_of_the_task(deployment: Deployment, api: Api) -> None:
    run = api.start("payload")
    api.wait_for_task(run, "wait", "deferred")
    deployment.gates.open(f"payload-{run.run_id}")
    assert api.wait_for_run(run) == "success"
    assert api.result(run, "wait") == {"rows": 3, "run": run.run_id, "deep": [{"a": None}, 1.5]}
    assert api.result(run, "double") == 6
    assert api.task(run, "refused")["state"] == "skipped"


def test_failure_is_in_the_log_of_the_task(api: Api) -> None:
    run = api.start("failure")
    assert api.wait_for_run(run) == "failed"
    log = api.log(run, "fails")
    for line in ("no such table: reports", "asked for: reports", "there are: orders, rows"):
        assert line in log
    assert "dance" in api.log(run, "wrong")
    assert "wasm:nobody_has_it" in api.log(run, "unmapped")


def test_timeout_is_the_scheduler_s(api: Api) -> None:
    run = api.start("timeout")
    api.wait_for_task(run, "skips", "skipped")
    api.wait_for_task(run, "fails", "failed")
    assert "AirflowSensorTimeout" in api.log(run, "fails")
