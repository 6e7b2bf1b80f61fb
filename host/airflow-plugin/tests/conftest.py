"""A real Airflow on a PostgreSQL of its own, for the whole run.

The environment is set before anything of Airflow is imported, so it is done here and not in a fixture.
"""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from postgres import Postgres

HERE = Path(__file__).parent
FERNET_KEYS = ("JTBbZoGMl6K7xtHc5_L9CBMeKTQ_SlVga3aBjJeiu8Y=", "81HqDtbqAywKSOumSha3BhWNOdQ26slT6K0YaZeZyPs=")
JWT_SECRET = "a secret of this test bench alone, long enough for HS512 to be happy with it...."


def pytest_configure(config: pytest.Config) -> None:
    if config.option.collectonly:
        return
    home = Path(tempfile.mkdtemp(prefix="airflow-plugin-"))
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    postgres = Postgres.start(home)
    atexit.register(postgres.stop)
    os.environ.update(environment(home, postgres.url))
    for command in (["db", "migrate"], ["dags", "reserialize"]):
        done = subprocess.run([sys.executable, "-m", "airflow", *command], capture_output=True, text=True)
        if done.returncode:
            raise pytest.UsageError(f"airflow {' '.join(command)} failed:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")


def environment(home: Path, database: str) -> dict[str, str]:
    return {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(HERE / "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "AIRFLOW__CORE__FERNET_KEY": ",".join(FERNET_KEYS),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "False",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": database,
        "AIRFLOW__API_AUTH__JWT_SECRET": JWT_SECRET,
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "WARNING",
        "AIRFLOW__TRIGGER_HOST__QUEUE": "wasm",
        "AIRFLOW__TRIGGER_HOST__CLASSPATHS": "airflow.providers.standard.triggers.temporal.DateTimeTrigger, acme.*",
        "AIRFLOW__TRIGGER_HOST__EXECUTION_PATHS": "True",
    }


@pytest.fixture(scope="session")
def app():
    """Airflow's whole API app, as an api-server builds it: with the plugin, found by its entry point."""
    from airflow.api_fastapi.app import create_app

    return create_app()


@pytest.fixture(scope="session")
def raw(app):
    """A client without a token."""
    from starlette.testclient import TestClient

    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


@pytest.fixture(scope="session")
def host(raw):
    """A host: calls the plugin's endpoints with a host token."""
    from hosts import Host

    return Host(raw)
