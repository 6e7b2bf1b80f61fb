#!/usr/bin/env bash
# A `Decimal` loses digits on its way through an event's payload, a trigger's kwargs or an XCom.
#
# Version:  apache-airflow-task-sdk 1.3.2 (Airflow 3.3.2), Python 3.11 to 3.13
# Seen:     2026-11-30
# Expected: `deserialize(serialize(value)) == value`. `Decimal` has a serializer of its own in the SDK, and is used where digits matter.
# Seen:     a value with fraction digits is written as a double: about 17 digits are kept, the rest is lost without a warning.
# Here:     docs/neutral-json.md says so beside `$decimal`.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export AIRFLOW_HOME=$work/airflow
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check apache-airflow-core==3.3.2 apache-airflow-task-sdk==1.3.2

cat >"$work/expected" <<'END'
12345678901234567890 -> 12345678901234567890
1.5 -> 1.5
12345678901234567890.12 -> 12345678901234567000
0.1234567890123456789 -> 0.12345678901234568
END
cat >"$work/show.py" <<'END'
import json
from decimal import Decimal

from airflow.sdk.serde import deserialize, serialize

for text in ["12345678901234567890", "1.5", "12345678901234567890.12", "0.1234567890123456789"]:
    print(text, "->", format(deserialize(json.loads(json.dumps(serialize(Decimal(text))))), "f"))
END
"$work/venv/bin/python" "$work/show.py" 2>"$work/errors" | tee "$work/seen" || { cat "$work/errors" >&2; exit 1; }
diff "$work/expected" "$work/seen" && echo "still so"
