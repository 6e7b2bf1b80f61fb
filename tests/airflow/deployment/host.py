"""Trigger Host: its catalog, its configuration, and the process."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import httpx

from deployment.airflow import LOG_SECRET, Airflow
from deployment.database import Database
from deployment.places import Places
from deployment.ports import free_port
from deployment.process import Process
from deployment.wait import wait_for

STANDARD = "airflow.providers.standard.triggers.temporal"
HTTP = 'http = [{ origin = "http://127.0.0.1:*", methods = ["GET", "POST", "DELETE"], private = true }]'

LENT = 'http = [{ origin = "http://127.0.0.1:*", methods = ["GET"], private = true, connection = "jobs_api" }]'
ASKS = f"""\
{LENT}
variables = {{ read = ["jobs_*"], write = ["jobs_cursor"] }}
xcom = "read-write"
asset-state = "read"
states = true
connections = ["jobs_api"]"""


def write_catalog(places: Places, folder: Path) -> Path:
    """Write the catalog of the run and pin its components."""
    entries = [
        (f"{STANDARD}.DateTimeTrigger", places.samples / "date_time.wasm", ""),
        (f"{STANDARD}.TimeDeltaTrigger", places.samples / "time_delta.wasm", ""),
        ("wasm:date_time", places.samples / "date_time.wasm", ""),
        ("wasm:time_delta", places.samples / "time_delta.wasm", ""),
        ("wasm:http_job", places.samples / "http_job.wasm", HTTP),
        ("wasm:scripted", places.guests / "scripted.wasm", HTTP),
        ("wasm:asker", places.guests / "asker.wasm", ASKS),
    ]
    catalog = folder / "triggers.toml"
    callback = _entry("callbacks.notify", places.guests / "scripted.wasm", HTTP, key="callback")
    catalog.write_text("".join(_entry(*entry) for entry in entries) + callback)
    command: list[str | Path] = [places.host, "catalog", "lock", "--catalog", catalog]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env={}, cwd=folder)
    return catalog


def _entry(name: str, component: Path, grants: str, *, key: str = "classpath") -> str:
    entry = f"[[trigger]]\n{key} = {json.dumps(name)}\ncomponent = {json.dumps(str(component))}\n"
    return entry + (f"[trigger.grants]\n{grants}\n" if grants else "") + "\n"


class Host:
    """A host that serves this Airflow."""

    def __init__(self, name: str, places: Places, airflow: Airflow, **settings: dict[str, Any]) -> None:
        self.name = name
        self._admin = f"127.0.0.1:{free_port()}"
        folder = places.run / name
        folder.mkdir(exist_ok=True)
        token = folder / "token"
        airflow.run("python", "-m", "trigger_host_airflow", "token", "--output", token)
        tables: dict[str, dict[str, Any]] = {
            "api": {
                "url": f"{airflow.url}/trigger-host/",
                "runtime-url": f"{airflow.url}/execution/",
                "token-file": str(token),
            },
            "host": {
                "catalog": str(places.run / "triggers.toml"),
                "hostname": "127.0.0.1",
                "heartbeat-every": "2s",
                "health-check-threshold": "10s",
                # A cleared task's trigger is listed until somebody cleans up: `on-kill` waits for that.
                "cleanup-every": "3s",
                # Airflow fails tasks that are resumed before their executor has reported them.
                "first-event-after": "3s",
            },
            "logs": {"folder": str(airflow.logs), "secret-key": LOG_SECRET},
            "sandbox": {"cache": str(places.run / "cache")},
            "admin": {"listen": self._admin},
            "tracing": {"filter": "info"},
        }
        for table, keys in settings.items():
            tables[table] = {**tables.get(table, {}), **keys}
        self.hostname = str(tables["host"]["hostname"])
        config = folder / "trigger-host.toml"
        config.write_text("".join(_table(table, keys) for table, keys in tables.items()))
        config.chmod(0o600)
        (places.run / "cache").mkdir(exist_ok=True)
        self.process = Process(
            name, [places.host, "run", "--config", config], log=folder / "host.log", env={}, cwd=folder
        )

    def job(self, database: Database) -> int:
        """Return the id of the Job that it has registered."""
        query = "SELECT max(id) FROM job WHERE job_type = 'TriggererJob' AND hostname = %s"
        return int(database.one(query, (self.hostname,)))

    def wait_until_ready(self) -> None:
        """Wait until it has registered and compiled its components."""
        wait_for(f"the {self.name} is ready", 60, self._is_ready)

    def metric(self, name: str) -> float:
        """Return the sum of a metric over its labels; 0 when it was never set."""
        lines = httpx.get(f"http://{self._admin}/metrics").text.splitlines()
        values = [line.rsplit(" ", 1) for line in lines if line and line[0] != "#"]
        return sum(float(value) for key, value in values if key.split("{")[0] == name)

    def _is_ready(self) -> bool:
        self.process.still_runs()
        try:
            return httpx.get(f"http://{self._admin}/ready").status_code == 200
        except httpx.TransportError:
            return False


def _table(table: str, keys: dict[str, Any]) -> str:
    return f"[{table}]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in keys.items()) + "\n"
