"""Airflow's database: a PostgreSQL on a port and in a folder of its own, made as the plugin's tests make theirs."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg2  # type: ignore[import-untyped]
from postgres import Postgres


class Database:
    """A running server."""

    def __init__(self) -> None:
        # Not below the run's folder: the server's user cannot look into root's home.
        self._home = Path(tempfile.mkdtemp(prefix="airflow-test-"))
        self._server = Postgres.start(self._home)
        self.url = self._server.url

    @contextmanager
    def connect(self) -> Iterator[Any]:
        """Give a cursor; every statement is a transaction."""
        connection = psycopg2.connect(host="127.0.0.1", port=self._server.port, user="postgres", dbname="postgres")
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                yield cursor
        finally:
            connection.close()

    def run(self, statement: str, values: tuple[Any, ...] = ()) -> None:
        """Run a statement that gives nothing."""
        with self.connect() as cursor:
            cursor.execute(statement, values)

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
        self._server.stop()
        shutil.rmtree(self._home, ignore_errors=True)
