#!/usr/bin/env bash
# `DagStateTrigger` waits for several Dag runs and reports the state of the first one alone.
#
# Version:  apache-airflow-providers-standard 1.21.0 with Airflow 3.3.2, Python 3.11 to 3.13
# Seen:     2026-11-30
# Expected: the event's payload has the state of every run that was waited for. The trigger takes a list, `run_ids`, counts all of them before it
#           fires, and its source calls the result "{run_id: run_state}".
# Seen:     the loop over the runs returns in its first round.
# Here:     a component that stands in for this class has to report the same (findings are not mended silently on the way).
#
# The two functions with which the trigger asks Airflow are replaced: they say that both runs have ended.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export AIRFLOW_HOME=$work/airflow
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check \
  apache-airflow-core==3.3.2 apache-airflow-task-sdk==1.3.2 apache-airflow-providers-standard==1.21.0

cat >"$work/expected" <<'END'
waited for: ['first', 'second']
reported: {'first': 'success'}
END
cat >"$work/show.py" <<'END'
import asyncio
from unittest.mock import patch

from airflow.providers.standard.triggers.external_task import DagStateTrigger
from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance

RUNS = {"first": "success", "second": "failed"}


def count(dag_id, run_ids=None, states=None, logical_dates=None):
    return sum(RUNS[run] in states for run in run_ids)


def state(dag_id, run_id):
    return RUNS[run_id]


async def main():
    trigger = DagStateTrigger(dag_id="d", states=["success", "failed"], run_ids=list(RUNS), poll_interval=0.1)
    with patch.object(RuntimeTaskInstance, "get_dr_count", count), patch.object(RuntimeTaskInstance, "get_dagrun_state", state):
        event = await asyncio.wait_for(anext(trigger.run()), 10)
    payload = event.payload[1]
    print("waited for:", payload["run_ids"])
    print("reported:", {run: payload[run] for run in RUNS if run in payload})


asyncio.run(main())
END
"$work/venv/bin/python" "$work/show.py" 2>"$work/errors" | tee "$work/seen" || { cat "$work/errors" >&2; exit 1; }
diff "$work/expected" "$work/seen" && echo "still so"
