"""Workloads: what Airflow's own triggerer would be given, with readable kwargs, a log path and a checkpoint."""

from __future__ import annotations

import json
import time
from contextlib import contextmanager
from datetime import datetime
from types import SimpleNamespace

import pytest
from airflow.jobs.triggerer_job_runner import TriggerRunnerSupervisor
from airflow.models.taskinstance import TaskInstance
from airflow.models.trigger import Trigger
from airflow.utils.session import create_session
from conftest import FERNET_KEYS
from cryptography.fernet import Fernet
from rows import defer, new_run
from sqlalchemy import event, select, update

from trigger_host_airflow.server import workloads


def airflows(ids: list[int]) -> tuple[dict[int, dict], dict[int, str]]:
    """What the triggerer of this Airflow builds, and where it logs."""
    triggerer = TriggerRunnerSupervisor
    myself = SimpleNamespace(job=SimpleNamespace(id=7), logger_cache={})
    for name in ("fetch_trigger_details", "fetch_non_task_trigger_ids", "_create_workload"):
        setattr(myself, name, getattr(triggerer, name).__get__(myself))
    built = triggerer.build_trigger_workloads(myself, set(ids))
    return (
        {workload.id: workload.model_dump(mode="json") for workload in built},
        {trigger_id: logger.log_path for trigger_id, logger in myself.logger_cache.items()},
    )


@pytest.fixture
def kinds(host):
    """A plain task, a task that starts from its trigger, an asset's watcher."""
    with create_session() as session:
        asset = session.scalar(select(Trigger.id).where(Trigger.classpath == "wasm:watch"))
    timeout = datetime.fromisoformat("2030-01-01T00:00:00.25+00:00")
    task = defer(kwargs='{"moment": {"__classname__": "evil.Thing", "__version__": 1, "__data__": 1}}', timeout=timeout)
    start = defer("start", classpath="wasm:start", kwargs=Trigger.encrypt_kwargs({"path": "/data/{{ ds }}"}))
    return {"asset": asset, "task": task.trigger_id, "start": start.trigger_id}


def test_are_those_of_airflows_triggerer(host, kinds):
    expected, paths = airflows(list(kinds.values()))
    built = host.workloads(*kinds.values())
    assert built.keys() == expected.keys() == set(kinds.values())
    for trigger_id, workload in built.items():
        log_path = workload.pop("log_path", None)
        assert (f"{log_path}.trigger.7.log" if log_path else None) == paths.get(trigger_id)
        workload.pop("encrypted_kwargs")
        expected[trigger_id].pop("encrypted_kwargs")
        assert workload == expected[trigger_id]
    assert built[kinds["asset"]]["watched_assets"] == {"incoming": "s3://bucket/incoming"}
    assert built[kinds["start"]]["dag_data"]["dag"]["dag_id"] == "samples"
    assert built[kinds["start"]]["dag_run_data"]["run_type"] == "manual"
    assert built[kinds["task"]]["timeout_after"] == "2030-01-01T00:00:00.250000Z"


def test_kwargs_are_plain_and_not_decoded(host, kinds):
    built = host.workloads(*kinds.values())
    texts = {kind: built[trigger_id]["encrypted_kwargs"] for kind, trigger_id in kinds.items()}
    # A class that this server would refuse to decode.
    assert texts["task"] == '{"moment": {"__classname__": "evil.Thing", "__version__": 1, "__data__": 1}}'
    assert json.loads(texts["start"]) == {"path": "/data/{{ ds }}"}
    assert json.loads(texts["asset"]) == {"name": "a"}


def test_kwargs_of_every_key(host):
    tasks = [defer(kwargs=Fernet(key).encrypt(b'{"a": 1}').decode()) for key in FERNET_KEYS]
    built = host.workloads(*(task.trigger_id for task in tasks))
    assert [built[task.trigger_id]["encrypted_kwargs"] for task in tasks] == ['{"a": 1}'] * 2


def test_a_broken_row_harms_no_other(host):
    good = defer(kwargs='{"a": 1}')
    foreign = defer(kwargs=Fernet(Fernet.generate_key()).encrypt(b"{}").decode())
    cut = defer(kwargs="gAAAAABr")
    unversioned = defer()
    with create_session() as session:
        session.execute(
            update(TaskInstance).where(TaskInstance.id == unversioned.task_instance_id).values(dag_version_id=None)
        )
    ids = [one.trigger_id for one in (good, foreign, cut, unversioned)]
    built = host.workloads(*ids, 999_999)
    assert built.keys() == {good.trigger_id, foreign.trigger_id, cut.trigger_id}
    # What cannot be decrypted is the host's to refuse, by name.
    assert built[cut.trigger_id]["encrypted_kwargs"] == "gAAAAABr"
    assert built[foreign.trigger_id]["encrypted_kwargs"].startswith("gAAAAA")


def test_a_row_that_cannot_be_built_is_left_out(host, monkeypatch):
    good, bad = defer(), defer(classpath="wasm:bad")

    class Strict(workloads.RunTrigger):
        def __init__(self, **values):
            if values["classpath"] == "wasm:bad":
                raise ValueError
            super().__init__(**values)

    monkeypatch.setattr(workloads, "RunTrigger", Strict)
    assert host.workloads(good.trigger_id, bad.trigger_id).keys() == {good.trigger_id}


@contextmanager
def counted():
    """Count the statements."""
    from airflow import settings

    statements: list[str] = []

    def note(_connection, _cursor, statement, *_):
        statements.append(statement)

    event.listen(settings.engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(settings.engine, "before_cursor_execute", note)


def test_the_number_of_statements_does_not_grow(host):
    tasks = [defer() for _ in range(25)] + [defer("start", classpath="wasm:start") for _ in range(25)]
    host.workloads(tasks[0].trigger_id, tasks[-1].trigger_id)
    with counted() as for_two:
        host.workloads(tasks[0].trigger_id, tasks[-1].trigger_id)
    start = time.perf_counter()
    with counted() as for_fifty:
        built = host.workloads(*(task.trigger_id for task in tasks))
    took = time.perf_counter() - start
    assert len(built) == 50
    assert len(for_fifty) <= len(for_two) <= 12
    print(f"50 workloads of 50 runs: {took * 1000:.0f} ms, {len(for_fifty)} statements")
    assert took < 2


def test_a_settled_trigger_is_left_out(host):
    task = defer(run_id=new_run())
    assert host.event(task.trigger_id, 1).status_code == 204
    assert host.workloads(task.trigger_id) == {}
