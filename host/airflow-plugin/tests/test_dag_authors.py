"""What Dag authors use, against Airflow's own Dag, serializer and resumption."""

from __future__ import annotations

import subprocess
import sys
from datetime import datetime, timedelta, timezone

import pytest
from airflow.models.trigger import Trigger
from airflow.sdk import DAG, Asset
from airflow.sdk.exceptions import (
    AirflowException,
    AirflowSensorTimeout,
    AirflowSkipException,
    TaskDeferralError,
    TaskDeferred,
)
from airflow.serialization.encoders import encode_trigger
from airflow.serialization.serialized_objects import BaseSerialization, DagSerialization
from airflow.triggers.base import BaseEventTrigger

from trigger_host_airflow.assets import WasmAssetTrigger, wasm_watcher
from trigger_host_airflow.operators import WasmOperator
from trigger_host_airflow.sensors import WasmSensor
from trigger_host_airflow.triggers import WasmTrigger

MOMENT = datetime(2030, 1, 2, 3, 4, 5, tzinfo=timezone.utc)
FAIL = "__fail__"


def run(task):
    """Execute as a worker does, which is no `execute` of a caller's."""
    with pytest.raises(TaskDeferred) as deferred:
        type(task).execute.__wrapped__(task, {})
    return deferred.value


def test_trigger_stores_the_component_and_not_itself():
    trigger = WasmTrigger("wasm:http_job", {"url": "http://jobs/", "at": MOMENT})
    assert trigger.serialize() == ("wasm:http_job", {"url": "http://jobs/", "at": MOMENT})
    assert WasmTrigger("some.Thing").serialize() == ("some.Thing", {})


def test_trigger_keeps_no_hold_of_the_caller_s_dict():
    kwargs = {"a": 1}
    trigger = WasmTrigger("x", kwargs)
    kwargs["b"] = 2
    assert trigger.serialize() == ("x", {"a": 1})


@pytest.mark.parametrize(
    ("classpath", "kwargs", "says"),
    [
        ("", None, "classpath"),
        (" wasm:x", None, "classpath"),
        (None, None, "classpath"),
        ("wasm:x", ["a"], "list"),
        ("wasm:x", {1: "a"}, "must be strings, and 1"),
        ("wasm:x", {"__type": "set", "__var": []}, "reserved"),
        ("wasm:x", {"__classname__": "os.system"}, "reserved"),
    ],
)
def test_what_no_host_takes_is_refused_where_the_dag_is_parsed(classpath, kwargs, says):
    for make in (WasmTrigger, WasmAssetTrigger, lambda c, k: WasmSensor(task_id="t", classpath=c, trigger_kwargs=k)):
        with pytest.raises((ValueError, TypeError), match=says):
            make(classpath, kwargs)


async def first_event(trigger):
    return await trigger.run().__anext__()


def test_a_python_triggerer_says_why_it_cannot_run_it():
    coroutine = first_event(WasmTrigger("wasm:x"))
    with pytest.raises(RuntimeError, match="component of Trigger Host"):
        coroutine.send(None)


def test_sensor_defers_at_once_with_its_timeout():
    sensor = WasmSensor(task_id="t", classpath="wasm:x", trigger_kwargs={"a": MOMENT}, timeout=90)
    deferred = run(sensor)
    assert deferred.trigger.serialize() == ("wasm:x", {"a": MOMENT})
    assert deferred.method_name == "execute_complete"
    assert deferred.timeout == timedelta(seconds=90)


def test_payload_is_the_result():
    sensor = WasmSensor(task_id="t", classpath="wasm:x")
    assert sensor.resume_execution("execute_complete", {"event": {"rows": 3}}, {}) == {"rows": 3}
    # A trigger may fire null.
    assert sensor.resume_execution("execute_complete", {"event": None}, {}) is None


def test_payload_that_is_not_taken_fails_or_skips():
    def check(payload):
        return payload["state"] == "done"

    sensor = WasmSensor(task_id="t", classpath="wasm:x", payload_check=check)
    assert sensor.resume_execution("execute_complete", {"event": {"state": "done"}}, {}) == {"state": "done"}
    with pytest.raises(AirflowException, match="payload_check"):
        sensor.resume_execution("execute_complete", {"event": {"state": "lost"}}, {})
    soft = WasmSensor(task_id="s", classpath="wasm:x", payload_check=check, soft_fail=True)
    with pytest.raises(AirflowSkipException):
        soft.resume_execution("execute_complete", {"event": {"state": "lost"}}, {})


def test_failure_and_timeout_of_the_trigger_are_those_of_a_sensor():
    failed = (FAIL, {"error": "Trigger failure", "traceback": ["no such job"]}, {})
    timed_out = (FAIL, {"error": "Trigger timeout"}, {})
    sensor = WasmSensor(task_id="t", classpath="wasm:x")
    with pytest.raises(TaskDeferralError):
        sensor.resume_execution(*failed)
    with pytest.raises(AirflowSensorTimeout):
        sensor.resume_execution(*timed_out)
    soft = WasmSensor(task_id="s", classpath="wasm:x", soft_fail=True)
    for end in (failed, timed_out):
        with pytest.raises(AirflowSkipException):
            soft.resume_execution(*end)


def test_operator_is_limited_only_where_it_says_so():
    assert run(WasmOperator(task_id="t", classpath="wasm:x")).timeout is None
    limited = WasmOperator(task_id="t", classpath="wasm:x", deferral_limit=timedelta(minutes=5))
    assert run(limited).timeout == timedelta(minutes=5)


def test_kwargs_are_templated_at_any_depth():
    with DAG("d"):
        sensor = WasmSensor(task_id="t", classpath="wasm:{{ name }}", trigger_kwargs={"deep": [{"day": "{{ ds }}"}]})
    sensor.render_template_fields({"name": "x", "ds": "2030-01-02"})
    assert run(sensor).trigger.serialize() == ("wasm:x", {"deep": [{"day": "2030-01-02"}]})


def test_results_of_other_tasks_make_dependencies():
    with DAG("d"):
        first = WasmSensor(task_id="first", classpath="wasm:x")
        second = WasmSensor(task_id="second", classpath="wasm:x", trigger_kwargs={"id": first.output["id"]})
        third = WasmSensor(task_id="third", classpath="wasm:x", trigger_kwargs=first.output)
    assert second.upstream_task_ids == third.upstream_task_ids == {"first"}


def test_start_from_trigger_survives_the_serialized_dag():
    with DAG("d") as dag:
        WasmSensor(task_id="t", classpath="wasm:x", trigger_kwargs={"at": MOMENT}, timeout=60, start_from_trigger=True)
        WasmOperator(task_id="o", classpath="wasm:y", start_from_trigger=True)
        WasmSensor(task_id="not", classpath="wasm:x")
    stored = DagSerialization.from_dict(DagSerialization.to_dict(dag))
    args = stored.get_task("t").start_trigger_args
    assert stored.get_task("t").start_from_trigger
    assert (args.trigger_cls, args.next_method) == ("wasm:x", "execute_complete")
    assert args.timeout == timedelta(seconds=60)
    assert BaseSerialization.deserialize(args.trigger_kwargs) == {"at": MOMENT}
    assert stored.get_task("o").start_trigger_args.timeout is None
    assert not stored.get_task("not").start_from_trigger


def test_start_from_trigger_cannot_have_results_of_other_tasks():
    with DAG("d"):
        first = WasmSensor(task_id="first", classpath="wasm:x")
        with pytest.raises(ValueError, match="start_from_trigger"):
            WasmSensor(task_id="t", classpath="wasm:x", trigger_kwargs={"id": first.output}, start_from_trigger=True)


def test_mapped_sensors_expand_over_trigger_kwargs():
    with DAG("d") as dag:
        WasmSensor.partial(task_id="t", classpath="wasm:x").expand(trigger_kwargs=[{"n": 1}, {"n": 2}])
    stored = DagSerialization.from_dict(DagSerialization.to_dict(dag))
    assert stored.get_task("t").is_mapped
    sensor = dag.get_task("t").unmap({"trigger_kwargs": {"n": 2}})
    assert run(sensor).trigger.serialize() == ("wasm:x", {"n": 2})


def test_watcher_is_one_trigger_for_equal_kwargs():
    watcher = wasm_watcher("files", "wasm:files", {"folder": "/in"})
    assert isinstance(watcher.trigger, BaseEventTrigger)
    assert watcher.trigger.serialize() == ("wasm:files", {"folder": "/in"})
    assert not watcher.trigger.supports_triggerer_queue
    asset = Asset(name="in", watchers=[watcher])
    with DAG("d", schedule=[asset]) as dag:
        WasmSensor(task_id="t", classpath="wasm:x")
    stored = DagSerialization.to_dict(dag)
    text = str(stored)
    assert "wasm:files" in text
    assert "WasmAssetTrigger" not in text


@pytest.mark.parametrize(
    "kwargs",
    [{}, {"a": 1}, {"steps": [{"deep": [{"a": MOMENT}]}, 2]}, {"moments": [MOMENT]}, {"a": {"b": [{"c": None}]}}],
)
def test_watcher_is_the_same_however_often_airflow_encodes_it(kwargs):
    """Else the dag-processor makes a new trigger each time it parses the Dag, and the asset never gets one."""
    first = encode_trigger(WasmAssetTrigger("wasm:x", kwargs))
    stored = Trigger(classpath="wasm:x", kwargs=encode_trigger(first)["kwargs"])
    assert BaseEventTrigger.hash(**first) == BaseEventTrigger.hash("wasm:x", stored.kwargs)


def test_imports_stay_light():
    """Task processes parse Dags: nothing that the api-server alone needs may come with them."""
    heavy = ["fastapi", "airflow.models.trigger", "airflow.api_fastapi.app", "trigger_host_airflow.server"]
    code = (
        "import sys; before = set(sys.modules); "
        "import airflow.sdk.bases.sensor, airflow.triggers.base; before = set(sys.modules); "
        "import trigger_host_airflow.sensors, trigger_host_airflow.operators, trigger_host_airflow.assets; "
        f"print([name for name in set(sys.modules) - before if name.startswith(tuple({heavy}))])"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.splitlines()[-1] == "[]"
