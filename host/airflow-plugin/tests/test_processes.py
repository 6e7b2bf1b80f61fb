"""The plugin in Airflow's own processes, found by its entry point."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from contextlib import contextmanager, suppress

import httpx
import pytest
from airflow.models.asset import AssetDagRunQueue
from airflow.models.dagrun import DagRun
from airflow.models.trigger import Trigger
from airflow.utils.session import create_session
from hosts import Host
from rows import new_run
from sqlalchemy import delete, select, text
from watchers import watch_asset

WAIT = 90


@contextmanager
def airflow(*arguments: str, **variables: str):
    """Run a command of Airflow in the background."""
    command = [sys.executable, "-m", "airflow", *arguments]
    process = subprocess.Popen(
        command, env={**os.environ, **variables}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(20)
        process.kill()
        process.wait()


def until(condition, what: str):
    end = time.monotonic() + WAIT
    while time.monotonic() < end:
        if (found := condition()) is not None:
            return found
        time.sleep(0.2)
    raise AssertionError(f"{what} did not come within {WAIT} s")


@pytest.fixture(scope="module")
def server():
    """A real api-server with two workers, on a database without the plugin's tables."""
    with create_session() as session:
        session.execute(text("DROP TABLE IF EXISTS trigger_host_checkpoint, trigger_host_event_key"))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    with airflow("api-server", "--host", "127.0.0.1", "--port", str(port), "--workers", "2"):

        def answers():
            with suppress(httpx.TransportError):
                return httpx.get(f"{url}/api/v2/version").is_success or None

        until(answers, "the api-server")
        yield url


def test_api_server(server):
    with httpx.Client(base_url=server) as client:
        host = Host(client)
        for _ in range(8):
            answer = host.post("jobs", {"job_type": "TriggererJob", "hostname": "h"})
            assert answer.status_code == 201
            assert {"checkpoint", "idempotency-key"} <= set(answer.json()["extensions"])
        assert host.load(answer.json()["job_id"]) == []
        assert httpx.post(f"{server}/trigger-host/jobs").status_code == 401


def queue_of(classpath: str) -> str | None:
    with create_session() as session:
        found = session.execute(select(Trigger.queue).where(Trigger.classpath == classpath)).first()
        return None if found is None else str(found.queue)


def test_dag_processor_stamps_asset_watchers():
    with create_session() as session:
        session.execute(text("DELETE FROM asset_watcher"))
        session.execute(delete(Trigger).where(Trigger.classpath == "wasm:watch"))
    with airflow("dag-processor", "--num-runs", "1"):
        assert until(lambda: queue_of("wasm:watch"), "the watcher's row") == "wasm"


@pytest.fixture(scope="module")
def scheduler():
    with airflow("scheduler", AIRFLOW__CORE__EXECUTOR="LocalExecutor", AIRFLOW__CORE__PARALLELISM="1"):
        yield


def test_scheduler_stamps_tasks_that_start_from_their_trigger(scheduler):
    new_run()
    assert until(lambda: queue_of("wasm:start"), "the task's trigger") == "wasm"


def test_one_run_consumes_the_asset_events_of_one_batch(scheduler, host):
    asset = watch_asset()
    with create_session() as session:
        session.execute(delete(AssetDagRunQueue))
        session.execute(delete(DagRun).where(DagRun.dag_id == "on_incoming"))
    assert host.batch(*({"trigger_id": asset, "payload": n} for n in range(3))) == [{"status": 204}] * 3

    def consumed() -> list[int] | None:
        with create_session() as session:
            run = session.scalars(select(DagRun).where(DagRun.dag_id == "on_incoming")).first()
            return sorted(event.extra["payload"] for event in run.consumed_asset_events) if run else None

    assert until(consumed, "the downstream run") == [0, 1, 2]
