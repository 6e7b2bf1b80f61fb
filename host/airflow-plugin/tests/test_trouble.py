"""Trouble in the server: always an answer, always JSON, and nothing half done."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event

from airflow.models.taskinstance import TaskInstance
from airflow.models.trigger import Trigger
from airflow.utils.session import create_session
from rows import Deferred, defer
from sqlalchemy import select
from starlette.testclient import TestClient

from trigger_host_airflow.server.app import create_app


@contextmanager
def locked(task: Deferred, at_most: float):
    """Hold a task instance's row, but not for ever: a server that waits has to fail its test, not to hang it."""
    query = select(TaskInstance).where(TaskInstance.id == task.task_instance_id).with_for_update(of=TaskInstance)
    held, done = Event(), Event()

    def hold() -> None:
        with create_session(scoped=False) as session:
            session.execute(query)
            held.set()
            done.wait(at_most)

    with ThreadPoolExecutor(1) as pool:
        pool.submit(hold)
        assert held.wait(10)
        yield
        done.set()


def test_a_lock_is_not_waited_for_for_ever(host, monkeypatch):
    monkeypatch.setenv("AIRFLOW__TRIGGER_HOST__STATEMENT_TIMEOUT", "1")
    task = defer()
    headers = {"Authorization": f"Bearer {host.token}"}
    events = {"events": [{"trigger_id": task.trigger_id, "payload": 1}]}
    with TestClient(create_app(), raise_server_exceptions=False) as client:
        with locked(task, at_most=15):
            single = client.post(f"/triggers/{task.trigger_id}/event", json={"payload": 1}, headers=headers)
            batch = client.post("/triggers/events", json=events, headers=headers)
        for answer in (single, batch):
            assert (answer.status_code, answer.json()["detail"]["reason"]) == (503, "database_busy")
            assert answer.headers["retry-after"] == "1"
        assert task.row("state") == "deferred"
        assert client.post("/triggers/events", json=events, headers=headers).json() == {"answers": [{"status": 204}]}


def test_what_is_unforeseen_is_json(host, monkeypatch):
    def broken(**_):
        raise RuntimeError("a secret")

    monkeypatch.setattr(Trigger, "clean_unused", broken)
    answer = host.post("triggers/cleanup", correlation_id="c-1")
    assert answer.status_code == 500
    assert answer.json() == {"message": "Internal server error", "correlation-id": "c-1"}
    assert answer.headers["content-type"] == "application/json"


def test_what_a_column_cannot_hold_is_the_callers_fault(host):
    answer = host.post("jobs", {"job_type": "T" * 40, "hostname": "h"})
    assert (answer.status_code, answer.json()["detail"]["reason"]) == (422, "value_rejected")


def test_an_id_that_cannot_be_is_one_that_is_not_there(host):
    assert host.workloads(2**40) == {}
    assert host.event(2**40, 1).status_code == 204


def test_an_unknown_path_is_json(host):
    answer = host.post("triggers/1/odd")
    assert (answer.status_code, answer.json()) == (404, {"detail": "Not Found"})


def test_a_job_lives_while_it_beats(host):
    from airflow.jobs.job import Job

    job = host.register()

    def row():
        with create_session() as session:
            return session.execute(
                select(Job.state, Job.job_type, Job.hostname, Job.end_date).where(Job.id == job)
            ).one()

    assert tuple(row()) == ("running", "TriggererJob", "host-1", None)
    assert host.post(f"jobs/{job}/complete").status_code == 204
    assert row().end_date is not None
    assert host.post(f"jobs/{job}/heartbeat").status_code == 204
    assert row().end_date is None
