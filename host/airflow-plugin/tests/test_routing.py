"""Which triggers get the host's queue, and what a process pays for that."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from airflow.models.trigger import Trigger
from airflow.utils.session import create_session
from sqlalchemy import select

from trigger_host_airflow import routing, settings

DATE_TIME = "airflow.providers.standard.triggers.temporal.DateTimeTrigger"


def in_a_new_process(code: str, **variables: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, **variables}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.strip().splitlines()[-1]


@pytest.mark.parametrize(
    ("classpath", "queue"),
    [
        ("wasm:demo", "wasm"),
        (DATE_TIME, "wasm"),
        ("acme.triggers.Any", "wasm"),
        (DATE_TIME + "X", None),
        ("acme", None),
        ("a.wasm:demo", None),
    ],
)
def test_a_new_row_is_stamped(app, classpath, queue):
    with create_session() as session:
        trigger = Trigger(classpath=classpath, kwargs={})
        session.add(trigger)
        session.flush()
        assert session.scalar(select(Trigger.queue).where(Trigger.id == trigger.id)) == queue
        session.rollback()


def test_a_queue_that_airflow_put_is_replaced_only_where_the_class_path_is_ours(app):
    with create_session() as session:
        ours, other = (Trigger(classpath=name, kwargs={}, queue="default") for name in ("wasm:demo", "a.B"))
        session.add_all([ours, other])
        session.flush()
        assert (ours.queue, other.queue) == ("wasm", "default")
        session.rollback()


def test_only_those_that_name_the_queue_get_it(host):
    with create_session() as session:
        trigger = Trigger(classpath="wasm:demo", kwargs={})
        session.add(trigger)
        session.flush()
        assert trigger.queue == "wasm"
        session.rollback()
    from rows import defer

    task = defer()
    assert task.trigger_id not in host.load(host.register())
    assert task.trigger_id in host.load(host.register(), "other", "wasm")


def test_waiting_rows_are_stamped_at_the_start(app):
    """Rows made before the plugin was there; those that somebody runs stay."""
    with create_session() as session:
        rows = {
            name: Trigger(classpath=name.split(" ")[0], kwargs={})
            for name in ("wasm:waiting", "a.Waiting", "wasm:running", "wasm_x")
        }
        rows["wasm:running"].triggerer_id = 7
        session.add_all(rows.values())
        session.flush()
        for trigger in rows.values():
            trigger.queue = None
        session.flush()
        routed = settings.Routing(queue="q", exact=frozenset(), prefixes=("wasm:", "wasm%"))
        routing.stamp_waiting(session, routed)
        session.expire_all()
        assert {name: row.queue for name, row in rows.items()} == {
            "wasm:waiting": "q",
            "a.Waiting": None,
            "wasm:running": None,
            "wasm_x": None,
        }
        session.rollback()


@pytest.mark.parametrize(
    ("variables", "problem"),
    [
        ({"CLASSPATHS": "*"}, "classpaths: `*` alone"),
        ({"QUEUE": "q" * 257}, "queue: must have at most 256"),
        ({"TOKEN_LIFE": "soon"}, "token_life: must be a number"),
        ({"RUNTIME_TOKEN_LIFE": "1"}, "runtime_token_life: must be at least 10"),
    ],
)
def test_a_setting_that_cannot_work_is_named(monkeypatch, variables, problem):
    for name, value in variables.items():
        monkeypatch.setenv(f"AIRFLOW__TRIGGER_HOST__{name}", value)
    with pytest.raises(settings.SettingError) as raised:
        settings.routing()
        settings.server_settings()
    assert str(raised.value).startswith(f"[trigger_host] {problem}")


def test_a_setting_that_cannot_work_costs_the_api_but_not_the_server():
    code = """
from trigger_host_airflow.plugin import TriggerHostPlugin
print(TriggerHostPlugin().fastapi_apps)
"""
    assert in_a_new_process(code, AIRFLOW__TRIGGER_HOST__TOKEN_LIFE="soon") == "[]"


STAMPED = """
{start}
from airflow.models.trigger import Trigger
from airflow.utils.session import create_session
with create_session() as session:
    trigger = Trigger(classpath="wasm:demo", kwargs={{}})
    session.add(trigger)
    session.flush()
    print(trigger.queue)
    session.rollback()
"""
A_JOB = """
from airflow.jobs.job import Job
Job(job_type="SchedulerJob")
"""


def test_a_process_with_a_job_stamps():
    assert in_a_new_process(STAMPED.format(start=A_JOB)) == "wasm"


def test_a_process_without_plugins_stamps_by_its_local_settings(tmp_path):
    """As `api-server --apps execution` is, where tasks defer in a split deployment."""
    (tmp_path / "airflow_local_settings.py").write_text("from trigger_host_airflow import routing\nrouting.install()\n")
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    assert in_a_new_process(STAMPED.format(start=""), PYTHONPATH=path) == "wasm"


def test_nothing_is_stamped_without_a_queue():
    assert in_a_new_process(STAMPED.format(start=A_JOB), AIRFLOW__TRIGGER_HOST__QUEUE="") == "None"


HEAVY = """
import sys
{before}
before = set(sys.modules)
{load}
import re
airflow = r"airflow\\.(models|api_fastapi|jobs)|trigger_host_airflow\\.server"
heavy = re.compile(rf"(fastapi|starlette|pydantic|sqlalchemy|jwt|{{airflow}})")
print(sorted(name for name in set(sys.modules) - before if heavy.match(name)), len(set(sys.modules) - before))
"""


def test_a_task_process_imports_nothing_heavy():
    """What a task process does: the SDK's plugin manager loads the plugin, and its listeners hear of the start."""
    before = "import airflow.sdk.execution_time.task_runner, airflow.sdk.plugins_manager, airflow.sdk.listener"
    load = """
from airflow.sdk.plugins_manager import _get_plugins
assert "trigger_host" in [plugin.name for plugin in _get_plugins()[0]]
from airflow.sdk.execution_time.task_runner import TaskRunnerMarker
from airflow.sdk.listener import get_listener_manager
get_listener_manager().hook.on_starting(component=TaskRunnerMarker())
assert "trigger_host_airflow.listener" in sys.modules
"""
    assert in_a_new_process(HEAVY.format(before=before, load=load)).startswith("[] ")


def test_importing_the_plugin_costs_a_handful_of_modules():
    names, count = in_a_new_process(
        HEAVY.format(before="import airflow.sdk.plugins_manager", load="import trigger_host_airflow.plugin")
    ).rsplit(" ", 1)
    assert names == "[]"
    assert int(count) <= 10
