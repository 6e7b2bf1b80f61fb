"""Single events and failures: what becomes of the rows."""

from __future__ import annotations

import pytest
from airflow.models.callback import DagProcessorCallback
from airflow.models.taskinstance import TaskInstance
from airflow.models.xcom import XComModel
from airflow.sdk.serde import deserialize
from airflow.serialization.serialized_objects import BaseSerialization
from airflow.utils.session import create_session
from rows import Deferred, defer
from sqlalchemy import delete, select, update

UTC = ["UTC", "pendulum.tz.timezone.Timezone", 1, True]
MOMENT = {
    "__classname__": "pendulum.datetime.DateTime",
    "__version__": 2,
    "__data__": {
        "timestamp": 1893499200.0,
        "tz": {"__classname__": "builtins.tuple", "__version__": 1, "__data__": UTC},
    },
}


@pytest.mark.parametrize("payload", [None, 1, 10**30, "ä", [1, {"a": None}], MOMENT, {"__classname__": "evil.Thing"}])
def test_a_payload_is_spliced_in_untouched(host, payload):
    task = defer(next_kwargs={"a": 1})
    assert host.event(task.trigger_id, payload).status_code == 204
    state, trigger, kwargs, scheduled = task.row("state", "trigger_id", "next_kwargs", "scheduled_dttm")
    assert (state, trigger, kwargs) == ("scheduled", None, {"a": 1, "event": payload})
    assert scheduled is not None
    # The first event took the task: a second one is accepted and does nothing.
    assert host.event(task.trigger_id, "again").status_code == 204
    assert task.row("next_kwargs") == {"a": 1, "event": payload}


def test_a_worker_can_read_it(host):
    task = defer(next_kwargs={"a": {"__classname__": "builtins.tuple", "__version__": 1, "__data__": [1]}})
    assert host.event(task.trigger_id, MOMENT).status_code == 204
    read = deserialize(task.row("next_kwargs"))
    assert read["a"] == (1,)
    assert read["event"].isoformat() == "2030-01-01T12:00:00+00:00"


def test_kwargs_in_the_old_encoding_are_taken_along(host):
    task = defer(next_kwargs=BaseSerialization.serialize({"a": (1, 2)}))
    assert host.event(task.trigger_id, MOMENT).status_code == 204
    read = deserialize(task.row("next_kwargs"))
    assert (read["a"], read["event"].year) == ((1, 2), 2030)


def test_kwargs_that_nobody_can_decode_are_an_error_with_a_reason(host):
    task = defer(next_kwargs={"__type": "evil", "__var": 1})
    answer = host.event(task.trigger_id, 1)
    assert (answer.status_code, answer.json()["detail"]["reason"]) == (500, "event_not_taken")
    assert task.row("state", "trigger_id") == ("deferred", task.trigger_id)


def end(host, task: Deferred, kind: str, xcoms: dict | None = None):
    body = {"payload": "x"} | ({} if xcoms is None else {"xcoms": xcoms})
    return host.post(f"triggers/{task.trigger_id}/event", body, Trigger_Event_Kind=kind)


@pytest.mark.parametrize(
    ("task_id", "kind", "state"),
    [
        ("plain", "task-success", "success"),
        ("plain", "task-failed", "failed"),
        ("plain", "task-skipped", "skipped"),
        ("again", "task-failed", "up_for_retry"),
    ],
)
def test_an_event_ends_a_task(host, task_id, kind, state):
    with create_session() as session:
        session.execute(delete(DagProcessorCallback))
    task = defer(task_id)
    xcoms = {"return_value": [1, {"a": "b"}], "text": "t", "moment": MOMENT}
    assert end(host, task, kind, xcoms).status_code == 204
    assert task.row("state", "trigger_id") == (state, None)
    with create_session() as session:
        pushed = select(XComModel.key, XComModel.value).where(XComModel.run_id == task.run_id)
        # As a worker stores them, so that a task that pulls gets the value and not its text.
        assert {row.key: row.value for row in session.execute(pushed)} == ({} if state == "up_for_retry" else xcoms)
        callbacks = session.scalars(select(DagProcessorCallback)).all()
        told = [callback.get_callback_request().task_callback_type for callback in callbacks]
    assert told == ([] if state == "skipped" else [state])
    if state == "up_for_retry":
        assert task.row("next_method", "next_kwargs", "try_number") == (None, None, 1)
        assert task.row("end_date") is not None


def test_retries_end(host):
    task = defer("again")
    with create_session() as session:
        session.execute(update(TaskInstance).where(TaskInstance.id == task.task_instance_id).values(try_number=3))
    assert end(host, task, "task-failed", {"a": 1}).status_code == 204
    assert task.row("state") == "failed"


def test_only_an_end_has_xcoms_and_only_known_kinds_pass(host):
    task = defer()
    answer = end(host, task, "fire", {})
    assert answer.json() == {
        "detail": [
            {"type": "extra_forbidden", "loc": ["body", "xcoms"], "msg": "Extra inputs are not permitted", "input": {}}
        ]
    }
    assert end(host, task, "task-done").status_code == 422
    assert task.row("state") == "deferred"
    assert end(host, task, "fire").status_code == 204
    assert task.row("next_kwargs") == {"event": "x"}


def test_a_failure_fails_the_task_and_says_why(host):
    task = defer(next_kwargs={"a": 1})
    lines = ["wasm trap: out of fuel\n", "  component x.wasm\n"]
    assert host.post(f"triggers/{task.trigger_id}/failure", {"error": lines}).status_code == 204
    assert task.row("state", "trigger_id", "next_method", "next_kwargs") == (
        "scheduled",
        None,
        "__fail__",
        {"error": "Trigger failure", "traceback": lines},
    )
