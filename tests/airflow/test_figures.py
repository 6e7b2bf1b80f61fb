"""Figures: they are measured, written down and held against generous bounds. Runs behind all other tests."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

import pytest

from conftest import Deployment
from deployment.crowd import Crowd
from deployment.figures import Figures
from deployment.process import Process
from deployment.wait import wait_for

RACES = 8
SIZES = (1_000, int(os.environ.get("AIRFLOW_TEST_DEFERRALS", "10000")))
"""A crowd, and a large one: `AIRFLOW_TEST_DEFERRALS` makes the large one smaller where a run must be short."""
AT_ONCE = {"host": {"capacity": 20_000, "first-event-after": "0s"}}
PATIENCE = 300


@pytest.fixture(scope="module")
def figures(deployment: Deployment) -> Iterator[Figures]:
    """Collect the figures and write them at the end. The host of the other tests rests meanwhile."""
    figures = Figures()
    deployment.end_host("host")
    yield figures
    figures.write(deployment.places.figures)
    deployment.start_host("host")


@dataclass(frozen=True)
class Server:
    """Who runs the triggers."""

    process: Process
    running: Callable[[Crowd], int]
    """How many of a crowd it has started."""
    ours: bool


@contextmanager
def host(deployment: Deployment) -> Iterator[Server]:
    """Run a host that takes everything and delays nothing."""
    host = deployment.start_host("measured", **AT_ONCE)
    yield Server(host.process, lambda _: int(host.metric("trigger_host_triggers")), ours=True)
    deployment.end_host("measured")


@contextmanager
def triggerer(deployment: Deployment) -> Iterator[Server]:
    """Run Airflow's own."""
    airflow = deployment.airflow
    process = airflow.start_component("triggerer", "--capacity", "20000")
    # Each begins with a line in a file of its own.
    lines = "*.trigger.*.log"
    yield Server(process, lambda crowd: sum(1 for _ in crowd.logs(airflow.logs).rglob(lines)), ours=False)
    airflow.end_component("triggerer")


SERVERS = {"Trigger Host": host, "Airflow's triggerer": triggerer}


@pytest.mark.parametrize("name", SERVERS)
def test_from_the_moment_to_success(deployment: Deployment, figures: Figures, name: str) -> None:
    api = deployment.api
    with SERVERS[name](deployment):
        first = datetime.now(timezone.utc) + timedelta(seconds=15)
        moments = [first + timedelta(seconds=2 * number) for number in range(RACES)]
        runs = [api.start("race", moment=moment.isoformat()) for moment in moments]
        assert [api.wait_for_run(run) for run in runs] == ["success"] * RACES
    ends = [datetime.fromisoformat(api.task(run, "moment")["end_date"]) for run in runs]
    late = [(end - moment).total_seconds() for end, moment in zip(ends, moments, strict=True)]
    figures.add(
        "from the moment a sensor waits for to the success of its task, median (longest)",
        name,
        f"{statistics.median(late):.1f} s ({max(late):.1f} s)",
    )


@pytest.mark.parametrize(("how", "size"), [("one by one", 1_000), ("in batches", 6_000)])
def test_events_accepted_by_one_api_server(deployment: Deployment, figures: Figures, how: str, size: int) -> None:
    airflow = deployment.airflow
    airflow.restart_api_server(**({"SINGLE_EVENTS": "yes"} if how == "one by one" else {}))
    # Far enough away for all to be claimed and started by then.
    moment = datetime.now(timezone.utc) + timedelta(seconds=25 + size / 150)
    crowd = Crowd(deployment.api, deployment.database, moment)
    try:
        crowd.grow(size)
        with host(deployment):
            wait_for("the host holds all", PATIENCE, lambda: crowd.claimed() == size)
            assert crowd.resumed() == 0
            first, seen = wait_for("the first events are accepted", PATIENCE, lambda: stamped(crowd))
            wait_for("all events are accepted", PATIENCE, lambda: crowd.resumed() == size)
        rate = (size - seen) / (time.monotonic() - first)
    finally:
        crowd.disperse()
    figures.add(f"events accepted a second by one api-server process, {how}", "Trigger Host", f"{rate:,.0f}")
    figures.rates.append(rate)
    if how == "in batches":
        single, batched = figures.rates
        assert batched >= 10 * single


def wait_for_all(server: Server, crowd: Crowd) -> int:
    """Return how many of a crowd run: all, or as many as there are when patience ends."""
    with suppress(TimeoutError):
        wait_for("all run", PATIENCE, lambda: server.running(crowd) >= crowd.size, every=1)
    return min(server.running(crowd), crowd.size)


def stamped(crowd: Crowd) -> tuple[float, int] | None:
    """Return the time and how many were accepted by then, once there are any."""
    seen = crowd.resumed()
    return (time.monotonic(), seen) if seen else None


@pytest.mark.parametrize("name", SERVERS)
def test_memory(deployment: Deployment, figures: Figures, name: str) -> None:
    crowd = Crowd(deployment.api, deployment.database, datetime.now(timezone.utc) + timedelta(hours=6))
    try:
        with SERVERS[name](deployment) as server:
            for size in SIZES:
                crowd.grow(size)
                running = wait_for_all(server, crowd)
                memory = f"{server.process.resident() / 2**20:.0f} MiB"
                # What Airflow's own program manages is a figure, not a condition.
                if server.ours:
                    assert running == size
                elif running < size:
                    memory += f" ({running:,} of them were running after {PATIENCE} s)"
                figures.add(f"resident memory with {size:,} deferrals", name, memory)
    finally:
        crowd.disperse()
