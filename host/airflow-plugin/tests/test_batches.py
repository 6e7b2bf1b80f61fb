"""Batches: each event stands alone, in the order given; keys; and many that come at one time."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from airflow._shared.timezones import timezone
from airflow.assets.manager import AssetManager
from airflow.listeners import hookimpl
from airflow.listeners.listener import get_listener_manager
from airflow.models.callback import Callback
from airflow.models.taskinstance import TaskInstance
from airflow.utils.session import create_session
from rows import defer, defer_many
from sqlalchemy import delete, event, func, select, update
from test_workloads import counted
from watchers import asset_events, call_back, callback_states, watch_asset

from trigger_host_airflow.server import event_keys, events, resuming
from trigger_host_airflow.server.storage import event_key_table

ACCEPTED = {"status": 204}


def raw_batch(host, listed: str):
    headers = {"Authorization": f"Bearer {host.token}", "Content-Type": "application/json"}
    return host.client.post("/trigger-host/triggers/events", content=f'{{"events": [{listed}]}}', headers=headers)


def test_each_event_has_its_answer(host):
    first, second, ended, failed = defer_many(4)
    with create_session() as session:
        session.execute(delete(Callback))
    asset, callback = watch_asset(), call_back()
    answers = host.batch(
        {"trigger_id": first.trigger_id, "payload": 1},
        {"trigger_id": asset, "payload": {"n": 1}},
        {"trigger_id": ended.trigger_id, "kind": "task-success", "xcoms": {"a": 1}},
        {"trigger_id": callback, "payload": "not an object"},
        {"trigger_id": 999_999, "payload": 1},
        {"trigger_id": asset, "payload": {"n": 2}},
        {"trigger_id": second.trigger_id},
        {"trigger_id": callback, "payload": {"state": "success"}},
        {"trigger_id": first.trigger_id, "payload": "too late"},
        {"trigger_id": failed.trigger_id, "kind": "task-failed"},
    )
    statuses = [answer["status"] for answer in answers]
    assert statuses == [204, 204, 204, 500, 204, 204, 204, 424, 204, 204]
    assert answers[3]["detail"]["reason"] == "event_not_taken"
    assert answers[7]["detail"]["reason"] == "earlier_event_failed"
    assert all(answer == ACCEPTED for answer in answers if answer["status"] == 204)
    assert first.row("state", "next_kwargs") == ("scheduled", {"event": 1})
    assert second.row("next_kwargs") == {"event": None}
    assert (ended.row("state"), failed.row("state")) == ("success", "failed")
    assert asset_events() == [{"n": 1}, {"n": 2}]
    assert callback_states() == ["queued"]
    # The callback can still be told in another batch.
    assert host.batch({"trigger_id": callback, "payload": {"state": "success"}}) == [ACCEPTED]
    assert callback_states() == ["success"]


@pytest.mark.parametrize(
    "payload",
    ["NaN", "[Infinity]", '"\\ud800"', '{"a": "\\u0000"}', '{"\\u0000": 1}', "1e999", "[" * 900 + "]" * 900],
    ids=["nan", "infinity", "surrogate", "nul", "nul in a key", "too large", "too deep"],
)
def test_what_the_database_cannot_store_harms_no_other(host, payload):
    before, odd, after = defer_many(3)
    asset = watch_asset()
    listed = [
        f'{{"trigger_id": {trigger_id}, "payload": {one}, "idempotency_key": "odd"}}'
        for trigger_id, one in [
            (before.trigger_id, 1),
            (odd.trigger_id, payload),
            (asset, payload),
            (after.trigger_id, 2),
        ]
    ]
    answer = raw_batch(host, ", ".join(listed))
    if answer.status_code == 400:
        assert payload.startswith("[[")
        return
    answers = answer.json()["answers"]
    if payload.startswith("[["):
        assert [one["status"] for one in answers][::3] == [204, 204]
    else:
        assert [one["status"] for one in answers] == [204, 422, 422, 204]
        assert answers[1]["detail"]["reason"] == "payload_not_storable"
        assert odd.row("state") == "deferred"
        assert asset_events() == []
    assert (before.row("state"), after.row("state")) == ("scheduled", "scheduled")


def test_a_text_that_only_looks_like_nul_is_stored(host):
    task = defer()
    payload = r"\u0000 and \\u0000"
    assert host.event(task.trigger_id, payload).status_code == 204
    assert task.row("next_kwargs") == {"event": payload}


def test_one_row_that_the_database_refuses_is_found(host):
    """Nothing known gets as far: values are checked before. So the statement is fed by hand."""
    tasks = defer_many(7)
    resumptions = [
        (place, resuming.Resumption(task.task_instance_id, {"event": "\0" if place in (2, 6) else place}))
        for place, task in enumerate(tasks)
    ]
    with create_session(scoped=False) as session:
        refused = [place for place, _ in resuming.resume(session, resumptions)]
    assert refused == [2, 6]
    assert [task.row("state") for task in tasks] == [
        "deferred" if place in refused else "scheduled" for place in range(7)
    ]


def test_a_row_that_the_database_refuses_fails_what_comes_after_it(host, monkeypatch):
    monkeypatch.setattr(events, "refusal", lambda *_: None)
    odd, other = defer_many(2)
    given = [(odd, "\0"), (other, 1), (odd, 2)]
    answers = host.batch(*({"trigger_id": task.trigger_id, "payload": payload} for task, payload in given))
    assert [answer["status"] for answer in answers] == [422, 204, 424]
    assert (odd.row("state"), other.row("state")) == ("deferred", "scheduled")


def test_an_old_encoding_among_others(host):
    old = defer(next_kwargs={"__type": "dict", "__var": {"a": {"__type": "tuple", "__var": [1]}}})
    new = defer(next_kwargs={"a": 1})
    answers = host.batch({"trigger_id": old.trigger_id, "payload": 1}, {"trigger_id": new.trigger_id, "payload": 2})
    assert answers == [ACCEPTED, ACCEPTED]
    assert old.row("next_kwargs")["event"] == 1
    assert new.row("next_kwargs") == {"a": 1, "event": 2}


@pytest.mark.parametrize(
    "listed",
    [
        "",
        ", ".join(['{"trigger_id": 1}'] * 501),
        '{"trigger_id": 1, "odd": 1}',
        '{"payload": 1}',
        '{"trigger_id": 3000000000}',
        '{"trigger_id": 1, "kind": "fire"}',
        '{"trigger_id": 1, "xcoms": {}}',
        '{"trigger_id": 1, "idempotency_key": ""}',
    ],
    ids=["none", "too many", "unknown key", "no trigger", "no id", "unknown kind", "xcoms without an end", "empty key"],
)
def test_other_bodies_are_refused(host, listed):
    assert raw_batch(host, listed).status_code == 422


def test_a_repetition_is_dropped(host):
    asset = watch_asset()
    path = f"triggers/{asset}/event"
    for key, body in [
        ("k1", '{"payload": {"a": 1, "b": 2}}'),
        # The same in another spelling.
        ("k1", '{"payload": { "b": 2, "a": 1}}'),
        # The same key with another payload, and other keys, are new events.
        ("k1", '{"payload": {"a": 2}}'),
        ("k2", '{"payload": {"a": 1, "b": 2}}'),
        (None, '{"payload": {"a": 3}}'),
        (None, '{"payload": {"a": 3}}'),
    ]:
        headers = {"Authorization": f"Bearer {host.token}", "Content-Type": "application/json"}
        headers |= {} if key is None else {"Idempotency-Key": key}
        assert host.client.post(f"/trigger-host/{path}", content=body, headers=headers).status_code == 204
    first = {"a": 1, "b": 2}
    expected = [first, {"a": 2}, first, {"a": 3}, {"a": 3}]
    assert asset_events() == expected
    # In a batch too, within it and against what is stored.
    new = {"trigger_id": asset, "payload": 9, "idempotency_key": "k9"}
    old = {"trigger_id": asset, "payload": first, "idempotency_key": "k1"}
    assert host.batch(new, old, new) == [ACCEPTED] * 3
    assert asset_events() == [*expected, 9]


def test_many_events_of_an_asset(host):
    told = []

    class Listener:
        @hookimpl
        def on_asset_event_emitted(self, asset_event):
            told.append((asset_event.asset.name, asset_event.extra["payload"]))

    asset, other = watch_asset(), watch_asset()
    listener = Listener()
    get_listener_manager().add_listener(listener)
    try:
        events = [{"trigger_id": (asset, other)[n % 2], "payload": {"n": n}} for n in range(40)]
        with counted() as statements:
            assert host.batch(*events) == [ACCEPTED] * 40
    finally:
        get_listener_manager().pm.unregister(listener)
    assert len(statements) < 50
    evens, odds = ([{"n": n} for n in range(start, 40, 2)] for start in (0, 1))
    assert asset_events() == evens + odds
    assert told == [("incoming", payload) for payload in evens + odds]


def test_one_event_of_an_asset_that_fails_harms_none_before_it(host, monkeypatch):
    def register(*, extra, **named):
        if extra["payload"] in broken:
            raise RuntimeError
        return registered(extra=extra, **named)

    registered = AssetManager.register_asset_change
    monkeypatch.setattr(AssetManager, "register_asset_change", register)
    asset, other = watch_asset(), watch_asset()
    events = [{"trigger_id": asset, "payload": n, "idempotency_key": "k"} for n in range(5)]
    broken = [3, 4]
    # The last of them is refused, with all; then each is tried alone.
    answers = host.batch(*events, {"trigger_id": other, "payload": "other"})
    assert [answer["status"] for answer in answers] == [204, 204, 204, 500, 424, 204]
    assert asset_events() == [0, 1, 2, "other"]
    broken = []
    assert host.batch(*events) == [ACCEPTED] * 5
    assert asset_events() == [0, 1, 2, "other", 3, 4]


def test_a_refused_event_may_come_again_with_its_key(host):
    with create_session() as session:
        session.execute(delete(Callback))
    callback = call_back()
    for _ in range(2):
        assert host.event(callback, "no object", Idempotency_Key="c1").status_code == 500
    with create_session() as session:
        session.execute(update(Callback).values(trigger_id=None))
    assert host.event(callback, "no object", Idempotency_Key="c1").status_code == 204


def test_keys_are_forgotten_by_age(host):
    asset = watch_asset()
    for key in ("young", "old"):
        assert host.event(asset, key, Idempotency_Key=key).status_code == 204
    with create_session() as session:
        session.execute(update(event_key_table).values(accepted_at=timezone.utcnow() - timedelta(days=2)))
    assert host.event(asset, "younger", Idempotency_Key="younger").status_code == 204
    assert host.post("triggers/cleanup").status_code == 204
    with create_session() as session:
        assert session.scalar(select(func.count()).select_from(event_key_table)) == 1
    # Only now it is an event again.
    assert host.event(asset, "old", Idempotency_Key="old").status_code == 204
    assert asset_events() == ["young", "old", "younger", "old"]


def test_keys_are_claimed_in_one_order(host):
    """Whatever order they come in: of two servers, neither waits for a key that the other waits with."""
    keys = [event_keys.fingerprint(0, f"order-{n}", None) for n in range(20)]
    claimed = []

    def note(_connection, _cursor, _statement, parameters, *_):
        claimed.append([value for name, value in parameters.items() if name.startswith("fingerprint")])

    for order in (keys, keys[::-1]):
        with create_session(scoped=False) as session:
            listening = (session.connection(), "before_cursor_execute", note)
            event.listen(*listening)
            assert event_keys.claim(session, order) == [True] * 20
            event.remove(*listening)
            session.rollback()
    assert claimed == [sorted(keys)] * 2


def test_many_at_one_time(host):
    """The same tasks and asset in several batches, each in another order: no deadlock, nothing twice."""
    tasks = defer_many(60)
    asset = watch_asset()
    ids = [task.trigger_id for task in tasks]

    def send(caller: int):
        order = ids[caller * 7 :] + ids[: caller * 7]
        order = order if caller % 2 else order[::-1]
        resuming_all = [{"trigger_id": one, "payload": caller} for one in order]
        keyed = [{"trigger_id": asset, "payload": n, "idempotency_key": f"n{n}"} for n in range(5)]
        return host.batch(*resuming_all, *(keyed if caller % 2 else keyed[::-1]))

    with ThreadPoolExecutor(6) as pool:
        for answers in pool.map(send, range(6)):
            assert answers == [ACCEPTED] * 65
    assert sorted(asset_events()) == [0, 1, 2, 3, 4]
    with create_session() as session:
        states = session.execute(
            select(TaskInstance.state, func.count())
            .where(TaskInstance.id.in_([task.task_instance_id for task in tasks]))
            .group_by(TaskInstance.state)
        ).all()
    assert [tuple(row) for row in states] == [("scheduled", 60)]
    # Whoever was first with a task, its kwargs are whole.
    assert all(json.dumps(task.row("next_kwargs")) in [f'{{"event": {n}}}' for n in range(6)] for task in tasks)
