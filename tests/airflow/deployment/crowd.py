"""Thousands of deferred tasks without a worker for each: copies of one that was deferred by a worker."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from deployment.api import Api, Run
from deployment.database import Database

COLUMNS = "SELECT column_name FROM information_schema.columns WHERE table_name = 'task_instance' ORDER BY column_name"
GROW = """
    WITH made AS (
        INSERT INTO trigger (classpath, kwargs, created_date)
        SELECT trigger.classpath, trigger.kwargs, now()
        FROM trigger JOIN task_instance ON trigger_id = trigger.id, generate_series(1, %(more)s)
        WHERE run_id = %(run)s AND map_index = -1
        RETURNING id
    )
    INSERT INTO task_instance ({columns})
    SELECT {values} FROM task_instance AS one, made WHERE run_id = %(run)s AND map_index = -1
"""
CHANGED = {"id": "gen_random_uuid()", "map_index": "(%(size)s + row_number() OVER ())::int", "trigger_id": "made.id"}


class Crowd:
    """Deferred tasks of one run, all until the same moment. The run counts as finished, so the scheduler leaves it."""

    def __init__(self, api: Api, database: Database, moment: datetime) -> None:
        self._database = database
        self._run: Run = api.start("crowd", moment=moment.isoformat())
        api.wait_for_task(self._run, "moment", "deferred")
        database.run("UPDATE dag_run SET state = 'success', end_date = now() WHERE run_id = %s", (self._run.run_id,))
        self.size = 1

    def grow(self, size: int) -> None:
        """Make it so large."""
        columns = [name for (name,) in self._database.rows(COLUMNS)]
        values = [CHANGED.get(name, f"one.{name}") for name in columns]
        statement = GROW.format(columns=", ".join(columns), values=", ".join(values))
        with self._database.connect() as cursor:
            cursor.execute(statement, {"run": self._run.run_id, "more": size - self.size, "size": self.size})
        self.size = size

    def logs(self, folder: Path) -> Path:
        """Return where its tasks' logs are."""
        return folder / "dag_id=crowd" / f"run_id={self._run.run_id}"

    def claimed(self) -> int:
        """Count those whose trigger somebody holds."""
        query = (
            "SELECT count(triggerer_id) FROM task_instance JOIN trigger ON trigger.id = trigger_id WHERE run_id = %s"
        )
        return int(self._database.one(query, (self._run.run_id,)))

    def resumed(self) -> int:
        """Count those whose event was accepted."""
        query = "SELECT count(*) FROM task_instance WHERE run_id = %s AND state <> 'deferred'"
        return int(self._database.one(query, (self._run.run_id,)))

    def disperse(self) -> None:
        """Remove all."""
        gone = "WITH gone AS (DELETE FROM task_instance WHERE run_id = %s RETURNING trigger_id)"
        self._database.run(f"{gone} DELETE FROM trigger WHERE id IN (SELECT trigger_id FROM gone)", (self._run.run_id,))
