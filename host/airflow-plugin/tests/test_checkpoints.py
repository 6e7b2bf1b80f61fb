"""Checkpoints go forward, by the holder alone, and go when their trigger goes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from airflow.models.trigger import Trigger
from airflow.utils.session import create_session
from rows import defer
from sqlalchemy import delete, func, select, text, update
from sqlalchemy.exc import ProgrammingError

from trigger_host_airflow.server.storage import checkpoint_table, make_tables


def put(host, trigger_id: int, job: int, position: int, value: str | None):
    return host.call("PUT", f"triggers/{trigger_id}/checkpoint", {"job_id": job, "position": position, "value": value})


def test_only_forward_and_only_by_the_holder(host):
    job = host.register()
    task = defer(job=job)

    def stored():
        return host.workloads(task.trigger_id)[task.trigger_id].get("checkpoint")

    assert stored() is None
    assert put(host, task.trigger_id, job, 3, '{"page": 4}').status_code == 204
    assert stored() == {"position": 3, "value": '{"page": 4}'}
    stale = put(host, task.trigger_id, job, 3, "x")
    assert (stale.status_code, stale.json()["detail"]["reason"]) == (409, "stale_position")
    other = put(host, task.trigger_id, job + 1, 4, "x")
    assert (other.status_code, other.json()["detail"]["reason"]) == (409, "not_holder")
    missing = put(host, 999_999, job, 4, "x")
    assert (missing.status_code, missing.json()) == (404, {"detail": "Trigger 999999 not found"})
    assert stored()["position"] == 3
    assert put(host, task.trigger_id, job, 4, None).status_code == 204
    assert stored() == {"position": 4, "value": None}


def test_goes_with_its_trigger(host):
    job = host.register()
    task = defer(job=job)
    assert put(host, task.trigger_id, job, 1, "x").status_code == 204
    assert host.event(task.trigger_id, 1).status_code == 204
    assert host.post("triggers/cleanup").status_code == 204
    with create_session() as session:
        assert session.scalar(select(Trigger.id).where(Trigger.id == task.trigger_id)) is None
        kept = select(func.count()).where(checkpoint_table.c.trigger_id == task.trigger_id)
        assert session.scalar(kept) == 0


def test_does_not_pass_to_another_trigger_of_the_same_id(host):
    job = host.register()
    task = defer(job=job)
    assert put(host, task.trigger_id, job, 9, "old").status_code == 204
    with create_session() as session:
        later = update(Trigger).where(Trigger.id == task.trigger_id).values(created_date=func.now())
        session.execute(later)
    assert "checkpoint" not in host.workloads(task.trigger_id)[task.trigger_id]
    assert put(host, task.trigger_id, job, 1, "new").status_code == 204
    assert host.workloads(task.trigger_id)[task.trigger_id]["checkpoint"] == {"position": 1, "value": "new"}


@pytest.mark.parametrize("body", [{"job_id": 1}, {"job_id": 1, "position": -1}, {"job_id": 1, "position": 1, "x": 1}])
def test_refuses_other_bodies(host, body):
    assert host.call("PUT", "triggers/1/checkpoint", body).status_code == 422


def test_many_servers_make_the_tables_at_one_time(app):
    with create_session() as session:
        session.execute(text("DROP TABLE IF EXISTS trigger_host_checkpoint, trigger_host_event_key"))
    together = Barrier(6)

    def start(_: int) -> bool:
        together.wait(10)
        return make_tables(10)

    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(start, range(6))) == [True] * 6


def test_a_server_that_may_not_make_tables_goes_on(app, monkeypatch):
    def refused(*_, **__):
        raise ProgrammingError("CREATE TABLE", None, Exception("permission denied for schema public"))

    monkeypatch.setattr(checkpoint_table.metadata, "create_all", refused)
    assert make_tables(10) is False


def test_a_server_without_tables_announces_neither_checkpoints_nor_keys(app, host):
    plugin = next(route.app for route in app.routes if getattr(route, "path", "") == "/trigger-host")
    from trigger_host_airflow.server import app as server

    task = defer()
    server._announce(plugin, storage_is_there=False)
    try:
        assert host.post("jobs", {"job_type": "TriggererJob", "hostname": "h"}).json()["extensions"] == [
            "event-kind",
            "event-batch",
            "runtime-token",
        ]
        assert put(host, task.trigger_id, 1, 1, None).json() == {"detail": "Not Found"}
        assert host.event(task.trigger_id, 1, Idempotency_Key="k").status_code == 204
        assert host.workloads(task.trigger_id) == {}
        assert host.post("triggers/cleanup").status_code == 204
    finally:
        server._announce(plugin, storage_is_there=True)
    with create_session() as session:
        session.execute(delete(checkpoint_table))
