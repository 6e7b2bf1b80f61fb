"""Events per second that one api-server process accepts, singly and in batches, for real deferred tasks.

    python bench/events.py [--singles 500] [--batched 10000]

Starts a PostgreSQL and an api-server of its own; the load comes from this machine too. Prints a table in Markdown.
"""

from __future__ import annotations

import argparse
import http.client
import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

TESTS = Path(__file__).parents[1] / "tests"
sys.path.insert(0, str(TESTS))
# A payload as a component sends it: some text, some numbers.
PAYLOAD = {"status": "success", "path": "s3://bucket/2026/11/21/part-00042.parquet", "rows": 123456, "parts": [1, 2, 3]}
PORT = 18943
_keys = itertools.count()


class Client:
    """One connection that is kept alive."""

    def __init__(self, token: str) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=60)
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def post(self, path: str, body: Any) -> tuple[int, bytes]:
        """Post and read the whole answer."""
        self._connection.request("POST", f"/trigger-host/{path}", json.dumps(body), self._headers)
        answer = self._connection.getresponse()
        return answer.status, answer.read()


def singly(token: str, ids: list[int], clients: int) -> float:
    """Post events one by one over this many connections. Returns events per second."""

    def post(share: list[int]) -> None:
        client = Client(token)
        for trigger_id in share:
            status, body = client.post(f"triggers/{trigger_id}/event", {"payload": PAYLOAD})
            if status != 204:
                raise RuntimeError(body)

    start = time.perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        list(pool.map(post, [ids[place::clients] for place in range(clients)]))
    return len(ids) / (time.perf_counter() - start)


def batched(token: str, ids: list[int], size: int, clients: int, **more: str) -> float:
    """Post events in batches of this size, with these fields too. Returns events per second."""

    def post(share: list[list[int]]) -> None:
        client = Client(token)
        for some in share:
            events = [
                {"trigger_id": one, "payload": PAYLOAD, "idempotency_key": f"bench-{next(_keys)}", **more}
                for one in some
            ]
            status, body = client.post("triggers/events", {"events": events})
            if status != 200 or any(answer["status"] != 204 for answer in json.loads(body)["answers"]):
                raise RuntimeError(body[:500])

    batches = [ids[start : start + size] for start in range(0, len(ids), size)]
    start = time.perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        list(pool.map(post, [batches[place::clients] for place in range(clients)]))
    return len(ids) / (time.perf_counter() - start)


def wait_for(port: int) -> None:
    """Wait until the api-server answers."""
    for _ in range(300):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/api/v2/version")
            if connection.getresponse().status == 200:
                return
        except OSError:
            pass
        time.sleep(0.2)
    raise RuntimeError("the api-server does not answer")


def measure(singles: int, many: int) -> None:
    """Print the table."""
    import rows
    from airflow.models.taskinstance import TaskInstance
    from airflow.utils.session import create_session
    from sqlalchemy import func, select
    from watchers import watch_asset

    from trigger_host_airflow.server.tokens import HostTokens

    token = HostTokens(life=3600).issue()

    def ids(count: int) -> list[int]:
        return [deferred.trigger_id for deferred in rows.defer_many(count, next_kwargs={"since": "2026-11-21"})]

    singly(token, ids(50), 2)
    print("| way | connections | events per second |\n|---|---|---|")
    for clients in (1, 8):
        print(f"| one by one | {clients} | {singly(token, ids(singles), clients):,.0f} |", flush=True)
    for size, clients in ((10, 1), (100, 1), (500, 1), (500, 2)):
        print(f"| batches of {size} | {clients} | {batched(token, ids(many), size, clients):,.0f} |", flush=True)
    ends = batched(token, ids(singles), 100, 1, kind="task-success")
    print(f"| batches of 100 that end tasks | 1 | {ends:,.0f} |", flush=True)
    asset = watch_asset()
    print(f"| one by one, of an asset | 8 | {singly(token, [asset] * singles, 8):,.0f} |", flush=True)
    for size in (100, 500):
        changes = batched(token, [asset] * many, size, 1)
        print(f"| batches of {size}, of an asset | 1 | {changes:,.0f} |", flush=True)
    some = ids(200)
    client = Client(token)
    for count in (1, 50, 200):
        client.post("triggers/workloads", {"trigger_ids": some[:1]})
        start = time.perf_counter()
        client.post("triggers/workloads", {"trigger_ids": some[:count]})
        print(f"\n{count} workloads: {(time.perf_counter() - start) * 1000:.0f} ms")
    with create_session() as session:
        resumed = session.scalar(
            select(func.count()).where(
                TaskInstance.state == "scheduled", TaskInstance.next_kwargs["event"].is_not(None)
            )
        )
    expected = 50 + 2 * singles + 4 * many
    print(f"\n{resumed} tasks were resumed, {expected} events were accepted.")
    if resumed != expected:
        sys.exit(1)


def main() -> None:
    """Start the servers and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--singles", type=int, default=500)
    parser.add_argument("--batched", type=int, default=10_000)
    given = parser.parse_args()
    from conftest import environment
    from postgres import Postgres

    with tempfile.TemporaryDirectory(prefix="airflow-bench-") as folder:
        postgres = Postgres.start(Path(folder), durable=True)
        try:
            os.environ.update(environment(Path(folder), postgres.url))
            airflow = [sys.executable, "-m", "airflow"]
            for command in (["db", "migrate"], ["dags", "reserialize"]):
                subprocess.run([*airflow, *command], check=True, capture_output=True)
            command = [*airflow, "api-server", "--host", "127.0.0.1", "--port", str(PORT), "--workers", "1"]
            server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                wait_for(PORT)
                measure(given.singles, given.batched)
            finally:
                server.terminate()
                server.wait()
        finally:
            postgres.stop()


if __name__ == "__main__":
    main()
