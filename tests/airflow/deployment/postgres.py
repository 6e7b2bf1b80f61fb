"""PostgreSQL on a port and in a folder of its own."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg2

from deployment.ports import free_port
from deployment.process import Process
from deployment.wait import wait_for

OWNER = "airflow"
# Nobody needs the data after a crash of the machine.
FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "300"}


class Postgres:
    """A running server."""

    def __init__(self, programs: Path, logs: Path) -> None:
        self.port = free_port()
        # The server refuses to run as root, and its user cannot look into root's home.
        self._user = "postgres" if os.geteuid() == 0 else None
        self._folder = Path(tempfile.mkdtemp(prefix="airflow-test-"))
        if self._user:
            user = pwd.getpwnam(self._user)
            os.chown(self._folder, user.pw_uid, user.pw_gid)
        data = self._folder / "data"
        subprocess.run(
            [programs / "initdb", "-A", "trust", "-U", OWNER, "-E", "UTF8", "--no-sync", "-D", data],
            check=True,
            capture_output=True,
            cwd=self._folder,
            env=self._env(),
            user=self._user,
        )
        settings = {**FAST, "listen_addresses": "127.0.0.1", "port": str(self.port), "unix_socket_directories": ""}
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        self.process = Process(
            "postgres",
            [programs / "postgres", "-D", data, *options],
            log=logs / "postgres.log",
            env=self._env(),
            cwd=self._folder,
            user=self._user,
        )
        wait_for("PostgreSQL answers", 30, self._answers)
        with self.connect("postgres") as cursor:
            cursor.execute(f"CREATE DATABASE {OWNER}")

    def url(self, driver: str) -> str:
        """Return the database's address for SQLAlchemy."""
        return f"postgresql+{driver}://{OWNER}@127.0.0.1:{self.port}/{OWNER}"

    @contextmanager
    def connect(self, database: str = OWNER) -> Iterator[Any]:
        """Give a cursor; every statement is a transaction."""
        connection = psycopg2.connect(host="127.0.0.1", port=self.port, user=OWNER, dbname=database)
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                yield cursor
        finally:
            connection.close()

    def rows(self, query: str, values: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        """Return what a query finds."""
        with self.connect() as cursor:
            cursor.execute(query, values)
            return list(cursor.fetchall())

    def one(self, query: str, values: tuple[Any, ...] = ()) -> Any:
        """Return the first value of the first row."""
        return self.rows(query, values)[0][0]

    def close(self) -> None:
        """End it and remove its data."""
        # Its backends are in groups of their own: only it can end them.
        self.process.signal(signal.SIGQUIT)
        self.process.end()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _answers(self) -> bool:
        self.process.still_runs()
        try:
            with self.connect("postgres"):
                return True
        except psycopg2.OperationalError:
            return False

    def _env(self) -> dict[str, str]:
        return {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "HOME": str(self._folder)}
