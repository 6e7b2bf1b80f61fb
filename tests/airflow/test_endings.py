"""Triggers that begin or end a task without a worker, and one that the user stops."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from conftest import Deployment
from deployment.api import Api
from deployment.wait import wait_for

DEFERS = "Pausing task as DEFERRED"


def test_clearing_a_task_cancels_its_job(deployment: Deployment, api: Api) -> None:
    jobs = deployment.jobs
    started, cancelled = jobs.count("started"), jobs.count("cancelled")
    run = api.start("killed", jobs=jobs.url)
    wait_for("the job is submitted", 60, lambda: jobs.count("started") == started + 1)
    api.clear(run, "job")
    wait_for("the job is cancelled", 60, lambda: jobs.count("cancelled") == cancelled + 1)
    # Cleared is run again, with a job of its own.
    wait_for("the second job is submitted", 60, lambda: jobs.count("started") == started + 2)
    api.set_run(run, "failed")
    wait_for("the second job is cancelled", 60, lambda: jobs.count("cancelled") == cancelled + 2)


def test_start_from_trigger(api: Api) -> None:
    run = api.start("from_trigger")
    assert api.wait_for_run(run) == "success"
    assert api.task(run, "plain")["state"] == "success"
    assert api.task(run, "timeout")["state"] == "skipped"
    assert DEFERS not in api.log(run, "plain")


def test_templates_of_start_from_trigger(api: Api) -> None:
    moment = datetime.now(timezone.utc) + timedelta(seconds=5)
    run = api.start("templates", moment=moment.isoformat(), say="hello")
    assert api.wait_for_run(run) == "failed"
    standard = api.task(run, "standard")
    assert standard["state"] == "success"
    assert datetime.fromisoformat(standard["end_date"]) > moment
    assert api.result(run, "known") == {"run": run.run_id, "say": "hello"}
    assert DEFERS not in api.log(run, "known")
    assert api.task(run, "unknown")["state"] == "failed"
    assert "macros.uuid.uuid4()" in api.log(run, "unknown")


def test_triggers_end_tasks_and_push_xcoms(api: Api) -> None:
    run = api.start("ended")
    assert api.wait_for_run(run) == "failed"
    states = {task: api.task(run, task)["state"] for task in ("standard", "succeeds", "fails", "skips", "read")}
    wanted = {"standard": "success", "succeeds": "success", "fails": "failed", "skips": "skipped", "read": "success"}
    assert states == wanted
    assert api.result(run, "succeeds") == {"rows": 3}
    assert api.result(run, "succeeds", "note") == "ended by the trigger"
    assert api.result(run, "read") == 3
    assert api.result(run, "fails", "note") == "why"
