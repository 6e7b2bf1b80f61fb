#!/usr/bin/env bash
# A datetime with a fixed offset from UTC is encoded by Airflow's task SDK, and the same SDK cannot decode what it wrote.
#
# Version:  apache-airflow-task-sdk 1.3.2 (Airflow 3.3.2), Python 3.11 to 3.13
# Seen:     2026-11-30
# Expected: `deserialize(serialize(value)) == value`. `datetime` with `datetime.timezone` is in the standard library, and `serialize` accepts it
#           without a word.
# Seen:     an offset other than 0 is written as a time zone without a name, and reading that fails. So a task that defers with such a value in
#           its kwargs, or a trigger that fires one, goes well and fails later, when the task is resumed.
# Here:     a moment that a component fires is written with a zone that Airflow can read back (docs/neutral-json.md).
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export AIRFLOW_HOME=$work/airflow
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check apache-airflow-core==3.3.2 apache-airflow-task-sdk==1.3.2

cat >"$work/expected" <<'END'
UTC: same
+01:00 as a zone of pendulum: same
+01:00 as datetime.timezone: tz is ["", "", 0, false]; ValueError
END
cat >"$work/show.py" <<'END'
import json
from datetime import datetime, timedelta, timezone

import pendulum
from airflow.sdk.serde import deserialize, serialize

for name, zone in [
    ("UTC", timezone.utc),
    ("+01:00 as a zone of pendulum", pendulum.FixedTimezone(3600)),
    ("+01:00 as datetime.timezone", timezone(timedelta(hours=1))),
]:
    value = datetime(2026, 1, 2, 3, 4, 5, tzinfo=zone)
    encoded = json.loads(json.dumps(serialize(value)))
    try:
        print(f"{name}: {'same' if deserialize(encoded) == value else 'another value'}")
    except Exception as error:
        print(f"{name}: tz is {json.dumps(encoded['__data__']['tz']['__data__'])}; {type(error).__name__}")
END
"$work/venv/bin/python" "$work/show.py" 2>"$work/errors" | tee "$work/seen" || { cat "$work/errors" >&2; exit 1; }
diff "$work/expected" "$work/seen" && echo "still so"
