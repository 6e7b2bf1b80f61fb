"""An asset whose watcher runs in the host, and a deadline whose callback does."""

from __future__ import annotations

from conftest import Deployment
from deployment.api import Api
from deployment.wait import wait_for

PATIENCE = 90


def test_watcher_starts_the_downstream_dag(deployment: Deployment, api: Api) -> None:
    wait_for("the watcher runs in the host", PATIENCE, lambda: deployment.gates.was_asked("door"))
    assert api.runs("opened") == []
    deployment.gates.open("door")
    (run,) = wait_for("the asset has started a run", PATIENCE, lambda: api.runs("opened"))
    assert api.wait_for_run(run) == "success"
    assert api.result(run, "who") == [{"who": "a guest"}]
    (event,) = api.get("assets/events")["asset_events"]
    assert event["extra"] == {"from_trigger": True, "payload": {"who": "a guest"}}


def test_callback_of_a_deadline_runs_in_the_host(deployment: Deployment, api: Api) -> None:
    run = api.start("late")
    state = "SELECT state FROM callback"
    wait_for("the callback runs", PATIENCE, lambda: deployment.database.rows(state) == [("running",)])
    wait_for("the callback runs in the host", PATIENCE, lambda: deployment.gates.was_asked("told"))
    deployment.gates.open("told")
    wait_for("the callback has succeeded", PATIENCE, lambda: deployment.database.rows(state) == [("success",)])
    assert deployment.database.one("SELECT output FROM callback") == "told"
    deployment.gates.open("late")
    assert api.wait_for_run(run) == "success"
