"""Airflow's own public API, as a user's client."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import httpx

from deployment.wait import wait_for

FINISHED = {"success", "failed", "skipped", "upstream_failed", "removed"}
# Scheduling, two processes of a worker and the host's own delay, on a machine that does more than this.
PATIENCE = 90


@dataclass(frozen=True)
class Run:
    """A run of a Dag."""

    dag_id: str
    run_id: str

    @property
    def path(self) -> str:
        """Return its path in the API."""
        return f"dags/{self.dag_id}/dagRuns/{self.run_id}"


class Api:
    """The public API, version 2."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._client = httpx.Client(base_url=f"{url}/api/v2/", timeout=30)

    def request(self, method: str, path: str, **more: Any) -> Any:
        """Call it.

        :raises httpx.HTTPStatusError: it refused
        """
        answer = self._client.request(method, path, **more)
        if answer.is_error:
            raise httpx.HTTPStatusError(f"{method} {path}: {answer.text}", request=answer.request, response=answer)
        return answer.json() if answer.content else None

    def get(self, path: str, **query: Any) -> Any:
        """Read something."""
        return self.request("GET", path, params=query)

    def is_healthy(self) -> bool:
        """Whether it answers, and scheduler and dag-processor beat."""
        try:
            health = self.get("monitor/health")
        except (httpx.HTTPError, ValueError):
            return False
        wanted = ("metadatabase", "scheduler", "dag_processor")
        return all(health[component]["status"] == "healthy" for component in wanted)

    def has_dag(self, dag_id: str) -> bool:
        """Whether a Dag is known."""
        try:
            self.get(f"dags/{dag_id}")
        except httpx.HTTPStatusError:
            return False
        return True

    def start(self, dag_id: str, **conf: Any) -> Run:
        """Start a run of a Dag, which may have to be parsed yet."""
        wait_for(f"the Dag `{dag_id}` is known", PATIENCE, lambda: self.has_dag(dag_id))
        run = self.request("POST", f"dags/{dag_id}/dagRuns", json={"logical_date": None, "conf": conf})
        return Run(dag_id, run["dag_run_id"])

    def task(self, run: Run, task_id: str, map_index: int = -1) -> dict[str, Any]:
        """Return a task instance."""
        end = "" if map_index < 0 else f"/{map_index}"
        return dict(self.get(f"{run.path}/taskInstances/{task_id}{end}"))

    def wait_for_task(self, run: Run, task_id: str, state: str, within: float = PATIENCE) -> dict[str, Any]:
        """Wait until a task is in a state; one that ends otherwise will never be."""

        def look() -> dict[str, Any] | None:
            task = self.task(run, task_id)
            if task["state"] == state:
                return task
            if task["state"] in FINISHED:
                raise AssertionError(f"{task_id} is {task['state']}, not {state}:\n{self.log(run, task_id)}")
            return None

        return wait_for(f"{run.dag_id}.{task_id} is {state}", within, look)

    def wait_for_run(self, run: Run, within: float = PATIENCE) -> str:
        """Wait until a run has ended, and return how."""

        def look() -> str | None:
            state = self.get(run.path)["state"]
            return str(state) if state in FINISHED else None

        return wait_for(f"{run.dag_id} ends", within, look)

    def result(self, run: Run, task_id: str, key: str = "return_value", map_index: int = -1) -> Any:
        """Return an XCom."""
        path = f"{run.path}/taskInstances/{task_id}/xcomEntries/{key}"
        return self.get(path, map_index=map_index, deserialize=False, stringify=False)["value"]

    def log(self, run: Run, task_id: str, attempt: int = 1) -> str:
        """Return a task's log as text, one event a line, with all that the event has."""
        answer = self.get(f"{run.path}/taskInstances/{task_id}/logs/{attempt}", full_content=True)
        return "\n".join(line if isinstance(line, str) else json.dumps(line) for line in answer["content"])

    def runs(self, dag_id: str) -> list[Run]:
        """Return the runs of a Dag, whoever started them."""
        return [Run(dag_id, run["dag_run_id"]) for run in self.get(f"dags/{dag_id}/dagRuns")["dag_runs"]]

    def set_run(self, run: Run, state: str) -> None:
        """Mark a run, and what is not finished in it, as a user does."""
        self.request("PATCH", run.path, json={"state": state})

    def clear(self, run: Run, task_id: str) -> None:
        """Clear a task, as a user does who wants it stopped and run again."""
        body = {"dry_run": False, "dag_run_id": run.run_id, "task_ids": [task_id], "only_failed": False}
        self.request("POST", f"dags/{run.dag_id}/clearTaskInstances", json=body)

    def close(self) -> None:
        """Let the connections go."""
        self._client.close()
