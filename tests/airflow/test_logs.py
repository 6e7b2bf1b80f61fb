"""Lines of triggers through Airflow's own log API, while the task waits and afterwards."""

from __future__ import annotations

from conftest import Deployment
from deployment.api import Api, Run
from deployment.wait import wait_for

BEFORE, BEHIND = "before the gate", "behind the gate"


def waits_with_its_line_shown(api: Api) -> Run:
    """Start the run, until its trigger's first line is in the log of the task, which waits."""
    run = api.start("logged")
    api.wait_for_task(run, "wait", "deferred")
    wait_for("the line is in the log", 60, lambda: BEFORE in api.log(run, "wait"))
    assert api.task(run, "wait")["state"] == "deferred"
    assert BEHIND not in api.log(run, "wait")
    return run


def test_lines_are_read_from_the_shared_folder(deployment: Deployment, api: Api) -> None:
    run = waits_with_its_line_shown(api)
    deployment.gates.open(run.run_id)
    assert api.wait_for_run(run) == "success"
    log = api.log(run, "wait")
    assert (log.count(BEFORE), log.count(BEHIND)) == (1, 1)
    assert log.index("Pausing task as DEFERRED") < log.index(BEFORE) < log.index(BEHIND)


def test_lines_are_fetched_from_the_log_server_of_the_host(deployment: Deployment, api: Api) -> None:
    folder = deployment.places.run / "apart" / "logs"
    folder.mkdir(parents=True)
    deployment.end_host("host")
    try:
        listen = f"127.0.0.1:{deployment.airflow.log_port}"
        deployment.start_host("apart", logs={"folder": str(folder), "listen": listen})
        run = waits_with_its_line_shown(api)
        deployment.gates.open(run.run_id)
        assert api.wait_for_run(run) == "success"
    finally:
        deployment.end_host("apart")
        deployment.start_host("host")
