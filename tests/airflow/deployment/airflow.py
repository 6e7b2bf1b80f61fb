"""Airflow: api-server, scheduler and dag-processor, without a triggerer."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType

from deployment.api import Api
from deployment.database import Database
from deployment.places import Places
from deployment.ports import free_port
from deployment.process import Process
from deployment.wait import wait_for

TESTS = Path(__file__).parent.parent
# The same for api-server and scheduler, and long enough for HS512.
JWT_SECRET = "a secret of this run alone, which is gone with its database: 0123456789abcdef"
LOG_SECRET = "another one, for what the api-server fetches from log servers: 0123456789abcdef"
FERNET_KEY = "8Tx2OkLrbQCY2cCAYGhqlQ5eCq9pHxHfpLCGzpJ9Gzw="
WORKERS = 4


class Airflow:
    """The components, started together on free ports."""

    def __init__(self, places: Places, database: Database, gates: str) -> None:
        self._places = places
        self.port = free_port()
        self.log_port = free_port()
        self.home = places.run / "airflow"
        self.logs = self.home / "logs"
        for folder in ("dags", "plugins"):
            shutil.copytree(TESTS / folder, self.home / folder, ignore=shutil.ignore_patterns("__pycache__"))
        self.env = self._environment(database, gates)
        self.api = Api(f"http://127.0.0.1:{self.port}")
        self.components: dict[str, Process] = {}

    @property
    def url(self) -> str:
        """Return where the api-server is."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Make the database and start all, until every Dag is known."""
        with (self._places.run / "migrate.log").open("wb") as log:
            command: list[str | Path] = [self._places.python / "airflow", "db", "migrate"]
            subprocess.run(command, env=self.env, cwd=self.home, stdout=log, stderr=log, check=True)
        for component in ("api-server", "dag-processor", "scheduler"):
            self.start_component(component)
        self.wait_until_healthy()

    def start_component(
        self, component: str, *arguments: str, env: Mapping[str, str] = MappingProxyType({})
    ) -> Process:
        """Start one component, by Airflow's own name for it."""
        self.components[component] = process = Process(
            component,
            [self._places.python / "airflow", component, *_ARGUMENTS.get(component, ()), *arguments],
            log=self._places.run / f"{component}.log",
            env={**self.env, **env},
            cwd=self.home,
        )
        return process

    def restart_api_server(self, **env: str) -> None:
        """Start the api-server anew, with these variables too."""
        self.end_component("api-server")
        self.start_component("api-server", env=env)
        self.wait_until_healthy()

    def end_component(self, component: str) -> None:
        """End one component."""
        self.components.pop(component).end()

    def wait_until_healthy(self) -> None:
        """Wait until the api-server answers and scheduler and dag-processor beat."""
        wait_for("Airflow is healthy", 120, self._is_healthy)

    def still_runs(self) -> None:
        """Raise when a component has ended."""
        for process in self.components.values():
            process.still_runs()

    def run(self, *arguments: str | Path) -> str:
        """Run a program of the venv in Airflow's environment and return its output."""
        command = [self._places.python / arguments[0], *arguments[1:]]
        done = subprocess.run(command, env=self.env, cwd=self.home, check=True, stdout=subprocess.PIPE)
        return done.stdout.decode()

    def close(self) -> None:
        """End everything."""
        for process in self.components.values():
            with suppress(ProcessLookupError):
                process.signal(15)
        for process in self.components.values():
            process.end(5)

    def _is_healthy(self) -> bool:
        self.still_runs()
        return self.api.is_healthy()

    def _environment(self, database: Database, gates: str) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW__")}
        settings = {
            "API__BASE_URL": self.url,
            "API__HOST": "127.0.0.1",
            "API__PORT": str(self.port),
            "API__SECRET_KEY": LOG_SECRET,
            "API__WORKERS": "1",
            "API_AUTH__JWT_SECRET": JWT_SECRET,
            "CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
            "CORE__DAGS_FOLDER": str(self.home / "dags"),
            "CORE__EXECUTION_API_SERVER_URL": f"{self.url}/execution/",
            "CORE__EXECUTOR": "LocalExecutor",
            "CORE__FERNET_KEY": FERNET_KEY,
            "CORE__LOAD_EXAMPLES": "False",
            "CORE__MAX_ACTIVE_TASKS_PER_DAG": "64",
            "CORE__PARALLELISM": str(WORKERS),
            "CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
            "DATABASE__SQL_ALCHEMY_CONN": database.url,
            "LOGGING__BASE_LOG_FOLDER": str(self.logs),
            "LOGGING__TRIGGER_LOG_SERVER_PORT": str(self.log_port),
            # The scheduler looks for deferrals that took too long; every 15 s by default.
            "SCHEDULER__TRIGGER_TIMEOUT_CHECK_INTERVAL": "2",
            # Some thousand deferrals are claimed in reasonable time, by the host and by a triggerer.
            "TRIGGERER__MAX_TRIGGER_TO_SELECT_PER_LOOP": "500",
            # A task that is resumed before its executor reported it is failed by Airflow. This makes the reports quick.
            "WORKERS__MIN_HEARTBEAT_INTERVAL": "1",
        }
        return {
            **kept,
            **{f"AIRFLOW__{name}": value for name, value in settings.items()},
            "AIRFLOW_HOME": str(self.home),
            "GATES": gates,
            "PYTHONUNBUFFERED": "1",
        }


_ARGUMENTS = {
    # Logs are read from the shared folder.
    "scheduler": ("--skip-serve-logs",),
    "triggerer": ("--skip-serve-logs",),
}
