"""What a host does, in few words."""

from __future__ import annotations

from typing import Any

from trigger_host_airflow.server.tokens import HostTokens


class Host:
    """Calls the plugin's endpoints."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.token = HostTokens(life=3600).issue()

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.request(
            method, f"/trigger-host/{path}", json=body, headers={"Authorization": f"Bearer {self.token}", **named}
        )

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.call("POST", path, body, **headers)

    def register(self) -> int:
        answer = self.post("jobs", {"job_type": "TriggererJob", "hostname": "host-1"})
        assert answer.status_code == 201, answer.text
        return answer.json()["job_id"]

    def load(self, job: int, *queues: str) -> list[int]:
        body = {"triggerer_id": job, "capacity": 100_000, "health_check_threshold": 30, "queues": list(queues) or None}
        answer = self.post("triggers/load", body)
        assert answer.status_code == 200, answer.text
        return answer.json()["trigger_ids"]

    def workloads(self, *ids: int) -> dict[int, dict[str, Any]]:
        answer = self.post("triggers/workloads", {"trigger_ids": list(ids)})
        assert answer.status_code == 200, answer.text
        return {workload["id"]: workload for workload in answer.json()["workloads"]}

    def event(self, trigger_id: int, payload: Any, **headers: str) -> Any:
        return self.post(f"triggers/{trigger_id}/event", {"payload": payload}, **headers)

    def batch(self, *events: dict[str, Any]) -> list[dict[str, Any]]:
        answer = self.post("triggers/events", {"events": list(events)})
        assert answer.status_code == 200, answer.text
        return answer.json()["answers"]
