"""The deployment, once for the whole run."""

from __future__ import annotations

import signal
from collections.abc import Generator, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from types import FrameType
from typing import Any

import pytest

from deployment.airflow import Airflow
from deployment.api import Api
from deployment.database import Database
from deployment.gates import Gates
from deployment.host import Host, write_catalog
from deployment.jobs import Jobs
from deployment.places import Places
from deployment.process import end_with_parent


@dataclass
class Deployment:
    """Everything that runs."""

    places: Places
    database: Database
    airflow: Airflow
    gates: Gates
    jobs: Jobs
    hosts: dict[str, Host]

    @property
    def api(self) -> Api:
        """Airflow's public API."""
        return self.airflow.api

    @property
    def host(self) -> Host:
        """The host, where there is but one."""
        (host,) = self.hosts.values()
        return host

    def start_host(self, name: str, **settings: dict[str, Any]) -> Host:
        """Start a host, and wait until it takes triggers."""
        host = Host(name, self.places, self.airflow, **settings)
        self.hosts[name] = host
        host.wait_until_ready()
        return host

    def end_host(self, name: str) -> None:
        """Let a host drain."""
        self.hosts.pop(name).process.end()

    def kill_host(self, name: str) -> None:
        """Kill a host."""
        self.hosts.pop(name).process.kill()

    def close(self) -> None:
        """End the hosts."""
        for name in list(self.hosts):
            self.end_host(name)


RUNNING: list[Deployment] = []


def pytest_configure() -> None:
    """Take the deployment down however this process is told to end."""

    def interrupt(number: int, _frame: FrameType | None) -> None:
        # Once: what is taken down already is not to be interrupted.
        for name in (signal.SIGINT, signal.SIGTERM):
            signal.signal(name, signal.SIG_IGN)
        raise KeyboardInterrupt(signal.Signals(number).name)

    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, interrupt)
    end_with_parent(signal.SIGTERM)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show the last that every component said when a test fails."""
    report = yield
    if report.failed and report.when != "teardown":
        for deployment in RUNNING:
            hosts = [host.process for host in deployment.hosts.values()]
            processes = [*deployment.airflow.components.values(), *hosts]
            report.sections += [(str(process.log), process.tail()) for process in processes]
    return report


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Measure behind all other tests: they share the deployment."""
    items.sort(key=lambda item: item.path.stem == "test_figures")


@pytest.fixture(scope="session")
def places() -> Places:
    """Give what `cargo xtask airflow-test` gave."""
    return Places.given()


@pytest.fixture(scope="session")
def deployment(places: Places) -> Iterator[Deployment]:
    """Start everything; end it all at the end."""
    with ExitStack() as at_end:
        gates = Gates()
        at_end.callback(gates.close)
        database = Database()
        at_end.callback(database.close)
        airflow = Airflow(places, database, gates.url)
        at_end.callback(airflow.close)
        airflow.start()
        jobs = Jobs(places.jobserver, places.run)
        at_end.callback(jobs.process.end)
        write_catalog(places, places.run)
        deployment = Deployment(places, database, airflow, gates, jobs, {})
        at_end.callback(deployment.close)
        RUNNING.append(deployment)
        at_end.callback(RUNNING.clear)
        deployment.start_host("host")
        yield deployment


@pytest.fixture
def api(deployment: Deployment) -> Api:
    """Give Airflow's public API."""
    return deployment.api
