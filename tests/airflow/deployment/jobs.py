"""A job service outside of Airflow, which counts what is started and cancelled."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx

from deployment.ports import free_port
from deployment.process import Process
from deployment.wait import wait_for


class Jobs:
    """The program `jobserver`."""

    def __init__(self, program: Path, logs: Path) -> None:
        address = f"127.0.0.1:{free_port()}"
        self._url = f"http://{address}/v1"
        self.process = Process(
            "jobserver", [program, "--listen", address], log=logs / "jobserver.log", env={}, cwd=logs
        )
        wait_for("the job service answers", 20, self._answers)

    @property
    def url(self) -> str:
        """Return where jobs are submitted."""
        return f"{self._url}/runs"

    def count(self, what: str) -> int:
        """Return how many jobs were `started`, `done`, `cancelled`, and so on."""
        stats: dict[str, Any] = httpx.get(f"{self._url}/stats").json()
        return int(stats[what])

    def _answers(self) -> bool:
        self.process.still_runs()
        try:
            return self.count("started") == 0
        except httpx.TransportError:
            return False
