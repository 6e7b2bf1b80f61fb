"""Events and failures: what becomes of the rows."""

from __future__ import annotations

import pytest
from rows import defer, defer_many

DATETIME = {
    "__classname__": "pendulum.datetime.DateTime",
    "__version__": 2,
    "__data__": {
        "timestamp": 1893499200.0,
        "tz": {
            "__classname__": "builtins.tuple",
            "__version__": 1,
            "__data__": ["UTC", "pendulum.tz.timezone.Timezone", 1, True],
        },
    },
}


@pytest.mark.parametrize("payload", [None, 1, 10**30, "ä", [1, {"a": None}], DATETIME, {"__classname__": "evil.Thing"}])
def test_a_payload_is_spliced_in_untouched(host, payload):
    task = defer(next_kwargs={"a": 1})
    assert host.event(task.trigger_id, payload).status_code == 204
    state, trigger, kwargs, scheduled = task.row("state", "trigger_id", "next_kwargs", "scheduled_dttm")
    assert (state, trigger, kwargs) == ("scheduled", None, {"a": 1, "event": payload})
    assert scheduled is not None
    # The first event took the task: a second one is accepted and does nothing.
    assert host.event(task.trigger_id, "again").status_code == 204
    assert task.row("next_kwargs") == {"a": 1, "event": payload}


def test_batch(host):
    tasks = defer_many(5)
    answers = host.batch(*({"trigger_id": task.trigger_id, "payload": place} for place, task in enumerate(tasks)))
    assert answers == [{"status": 204}] * 5
    assert [task.row("next_kwargs") for task in tasks] == [{"event": place} for place in range(5)]


def test_ends(host):
    for task_id, kind, state in [
        ("plain", "task-success", "success"),
        ("plain", "task-failed", "failed"),
        ("plain", "task-skipped", "skipped"),
        ("again", "task-failed", "up_for_retry"),
    ]:
        task = defer(task_id)
        body = {"payload": "x", "xcoms": {"return_value": [1, {"a": "b"}], "text": "t"}}
        answer = host.post(f"triggers/{task.trigger_id}/event", body, Trigger_Event_Kind=kind)
        assert answer.status_code == 204, answer.text
        assert task.row("state", "trigger_id") == (state, None)
