"""Execution tokens for one workload, so that a host holds no signing secret."""

from __future__ import annotations

import jwt
from airflow.models.variable import Variable
from airflow.utils.session import create_session
from conftest import JWT_SECRET
from rows import defer
from sqlalchemy import delete
from starlette.testclient import TestClient
from watchers import watch_asset

from trigger_host_airflow.server.app import create_app
from trigger_host_airflow.server.tokens import HostTokens

NOBODY = "00000000-0000-0000-0000-000000000000"


def claims(token: str) -> dict:
    return jwt.decode(token, JWT_SECRET, ["HS512"], audience="urn:airflow.apache.org:task")


def test_is_the_task_instances_own_and_short(host, raw):
    job = host.register()
    task = defer(job=job)
    answer = host.post(f"triggers/{task.trigger_id}/runtime-token", {"job_id": job})
    assert (answer.status_code, answer.json()["expires_in"]) == (200, 120)
    token = answer.json()["token"]
    read = claims(token)
    assert (read["sub"], read["exp"] - read["iat"]) == (str(task.task_instance_id), 120)
    with create_session() as session:
        session.execute(delete(Variable))
        Variable.set("greeting", "hello", session=session)
    headers = {"Authorization": f"Bearer {token}"}
    assert raw.get("/execution/variables/greeting", headers=headers).json()["value"] == "hello"
    # It is a task's: what only the task itself may ask is allowed, and the trigger endpoints are not.
    own = f"/execution/store/ti/{task.task_instance_id}/key"
    assert raw.put(own, json={"value": 1}, headers=headers).status_code == 204
    assert raw.post("/trigger-host/triggers/cleanup", headers=headers).status_code == 403


def test_stands_for_nobody_where_no_task_waits(host):
    job = host.register()
    answer = host.post(f"triggers/{watch_asset(job)}/runtime-token", {"job_id": job})
    assert claims(answer.json()["token"])["sub"] == NOBODY


def test_is_for_the_holder_alone(host):
    job = host.register()
    task = defer(job=job)
    other = host.post(f"triggers/{task.trigger_id}/runtime-token", {"job_id": job + 1})
    assert (other.status_code, other.json()["detail"]["reason"]) == (409, "not_holder")
    free = host.post(f"triggers/{defer().trigger_id}/runtime-token", {"job_id": job})
    assert free.status_code == 409
    missing = host.post("triggers/999999/runtime-token", {"job_id": job})
    assert (missing.status_code, missing.json()) == (404, {"detail": "Trigger 999999 not found"})
    assert host.post(f"triggers/{task.trigger_id}/runtime-token", {}).status_code == 422


def test_is_not_announced_without_a_key_of_airflows(monkeypatch):
    monkeypatch.setenv("AIRFLOW__TRIGGER_HOST__JWT_SECRET", "y" * 64)
    monkeypatch.setenv("AIRFLOW__API_AUTH__JWT_SECRET", "")
    headers = {"Authorization": f"Bearer {HostTokens(life=600).issue()}"}
    with TestClient(create_app()) as client:
        registered = client.post("/jobs", json={"job_type": "TriggererJob", "hostname": "h"}, headers=headers).json()
        assert "runtime-token" not in registered["extensions"]
        answer = client.post("/triggers/1/runtime-token", json={"job_id": 1}, headers=headers)
        assert answer.json() == {"detail": "Not Found"}
