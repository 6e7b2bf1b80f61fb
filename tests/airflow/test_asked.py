"""What a trigger asks of Airflow while it waits, and the credential of a connection that the host adds for it."""

from __future__ import annotations

from base64 import b64encode

from conftest import Deployment
from deployment.api import Api

PASSWORD = "a-pass-word-of-the-job-service"
ANOTHER = "a-pass-word-in-a-variable"


def test_trigger_reads_variable_xcom_and_connection(deployment: Deployment, api: Api) -> None:
    gates = deployment.gates
    api.request("POST", "variables", json={"key": "jobs_limit", "value": "12"})
    api.request("POST", "variables", json={"key": "jobs_password", "value": ANOTHER})
    api.request("POST", "variables", json={"key": "other", "value": "not granted"})
    connection = {"connection_id": "jobs_api", "conn_type": "http", "host": "127.0.0.1", "port": gates.port}
    secret = {"login": "etl", "password": PASSWORD, "extra": '{"timeout": 5}'}
    api.request("POST", "connections", json={**connection, **secret, "schema": "http"})
    run = api.start("asked")
    gates.open(f"lent-{run.run_id}")
    assert api.wait_for_run(run) == "success"

    answers = api.result(run, "asks")
    states = {task: state for run_id, task, state in answers[7]["ok"] if run_id == run.run_id}
    assert states == {"first": "success", "asks": "deferred"}
    refused = answers.pop(9)["error"]
    assert (
        refused
        == 'not granted: the variable `other` may not be read: add `[trigger.grants] variables = { read = ["other"] }`'
    )
    described = {"conn_type": "http", "host": "127.0.0.1", "port": gates.port, "schema": "http"}
    at = {"$datetime": "2026-01-31T12:00:00Z"}
    wanted = [
        "12",
        None,
        {"rows": 3, "at": at},
        None,
        described,
        [200, ""],
        [404, ""],
        answers[7]["ok"],
        "running",
        None,
    ]
    assert answers == [{"ok": answer} for answer in wanted]

    assert api.get("variables/jobs_cursor")["value"] == run.run_id
    assert api.result(run, "asks", "seen") == {"rows": 3}
    basic = b64encode(f"etl:{PASSWORD}".encode()).decode()
    assert gates.credential(f"lent-{run.run_id}") == f"Basic {basic}"
    assert gates.credential(f"not-lent-{run.run_id}") is None
    log = api.log(run, "asks")
    assert "it is ***" in log
    for hidden in (PASSWORD, ANOTHER, basic):
        assert hidden not in log
