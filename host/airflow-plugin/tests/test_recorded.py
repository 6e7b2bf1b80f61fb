"""The recorded exchanges of the eight endpoints (fixtures), each replayed on rows in the state that it needs."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest
from airflow.models.callback import Callback, TriggererCallback
from airflow.models.taskinstance import TaskInstance
from airflow.models.trigger import Trigger
from airflow.sdk import AsyncCallback
from airflow.utils.session import create_session
from rows import defer
from sqlalchemy import delete, select, update

FIXTURE = Path(__file__).parents[3] / "tests/fixtures/http_exchanges_pr67919.json"
EXCHANGES = {exchange["name"]: exchange for exchange in json.loads(FIXTURE.read_text())["exchanges"]}

# What the plugin does otherwise, and why.
OTHERWISE = {
    "job_register_old_version": "the plugin has no versions: its paths are not the Execution API's",
    "load_old_version": "the same",
    "load_scope_workload": "tokens have an audience of their own instead of scopes",
    "load_any_ti_token": "a task's token is refused: test_access.py",
    "job_register_long_type": "recorded on SQLite; PostgreSQL's column is shorter: test_jobs.py",
    "event_nan": "recorded on SQLite; PostgreSQL cannot store it: test_batches.py",
    "event_lone_surrogate": "the same",
}
# Recorded with Airflow's unhandled error; the status is the same, the body says more.
WITH_REASON = {"event_asset_unknown_class", "event_asset_datetime", "event_callback_not_dict"}
IDS = {1: "asset", 2: "start", 3: "task", 4: "callback"}


async def not_run() -> None:
    """Stands for a deadline's callback."""


@pytest.fixture
def rows(host):
    """The four recorded triggers, held by a new Job."""
    with create_session() as session:
        session.execute(update(TaskInstance).values(trigger_id=None))
        session.execute(delete(Callback))
        session.execute(delete(Trigger).where(Trigger.classpath != "wasm:watch"))
        callback = TriggererCallback(AsyncCallback(not_run, kwargs={}))
        session.add(callback)
        session.flush()
        callback.queue(session=session)
        session.flush()
        ids = {"callback": callback.trigger_id}
        ids["asset"] = session.scalar(select(Trigger.id).where(Trigger.classpath == "wasm:watch"))
    task = defer(timeout=datetime.fromisoformat("2030-01-01T00:00:00+00:00"))
    ids["task"] = task.trigger_id
    ids["start"] = defer("start", classpath="wasm:start").trigger_id
    job = host.register()
    with create_session() as session:
        session.execute(update(Trigger).values(queue=None, triggerer_id=job))
    return ids, job, task


def before(host, name: str, ids: dict[str, int], job: int) -> None:
    """Bring about what had happened before this exchange."""
    failed = (f"triggers/{ids['task']}/failure", {"error": None})
    called_back = (f"triggers/{ids['callback']}/event", {"payload": {"state": "success", "body": "sent"}})
    earlier = {
        "load_after_failure": [failed],
        "load_after_cleanup": [failed, called_back, ("triggers/cleanup", None)],
        "event_after_cleanup": [failed, called_back, ("triggers/cleanup", None)],
        "event_not_deferred": [(f"triggers/{ids['task']}/event", {"payload": 1})],
        "job_complete_again": [(f"jobs/{job}/complete", None)],
        "job_heartbeat_after_complete": [(f"jobs/{job}/complete", None)],
    }
    for path, body in earlier.get(name, []):
        assert host.post(path, body).status_code == 204


@pytest.mark.parametrize("name", [name for name in EXCHANGES if name not in OTHERWISE])
def test_answers_as_recorded(host, rows, name):
    ids, job, task = rows
    exchange = EXCHANGES[name]
    before(host, name, ids, job)
    answer = replay(host, exchange["request"], ids, job)
    assert answer.status_code == exchange["status"], answer.text
    assert answer.headers.get("airflow-api-version") == "2026-07-14"
    if name in WITH_REASON:
        assert answer.json()["detail"]["reason"]
    elif "response_json" in exchange:
        expected = translated(exchange["response_json"], ids, job)
        assert shape(name, answer.json()) == shape(name, expected)
    else:
        assert answer.text == exchange["response_text"]
    for column, value in exchange.get("task_instance_after", {}).items():
        assert task.row(column) == value


def replay(host, request, ids, job):
    path = request["path"].removeprefix("/execution/")
    for recorded, kind in IDS.items():
        path = path.replace(f"triggers/{recorded}/", f"triggers/{ids[kind]}/")
    path = path.replace("jobs/1/", f"jobs/{job}/")
    headers = {"Authorization": f"Bearer {host.token}", "Airflow-API-Version": "2026-07-14"}
    if "raw_body" in request:
        depth = {"event_deep_200": 200, "event_deep_2000": 2000}
        text = request["raw_body"]
        if text.startswith("<"):
            nested = next(count for name, count in depth.items() if EXCHANGES[name]["request"] is request)
            text = '{"payload": ' + "[" * nested + "]" * nested + "}"
        headers["Content-Type"] = "application/json"
        return host.client.request(request["method"], f"/trigger-host/{path}", content=text, headers=headers)
    body = request.get("json")
    if body and body.get("triggerer_id") == 1:
        body = {**body, "triggerer_id": job}
    if body and "trigger_ids" in body:
        body = {"trigger_ids": [ids.get(IDS.get(one, ""), one) for one in body["trigger_ids"]]}
    return host.client.request(request["method"], f"/trigger-host/{path}", json=body, headers=headers)


def translated(answer, ids, job):
    """The recorded answer with the ids of this run."""
    if "trigger_ids" in answer:
        return {"trigger_ids": sorted(ids[IDS[one]] for one in answer["trigger_ids"])}
    if isinstance(answer.get("detail"), list):
        faults = [
            {**fault, "input": {**fault["input"], "triggerer_id": job}}
            if isinstance(fault["input"], dict) and "triggerer_id" in fault["input"]
            else fault
            for fault in answer["detail"]
        ]
        return {"detail": faults}
    return answer


def shape(name, answer):
    """Leave out what differs between any two servers."""
    if "workloads" in answer:
        kinds = []
        for workload in answer["workloads"]:
            kept = {key for key, value in workload.items() if value is not None} - {"log_path", "timeout_after"}
            ti = workload["ti"]
            kinds.append((sorted(kept), sorted(ti) if ti else None, sorted(workload["dag_run_data"] or {})))
        return sorted(kinds, key=str)
    return {key: value for key, value in answer.items() if key not in ("job_id", "extensions")}
