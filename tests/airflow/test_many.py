"""Many deferrals at once, and what happens to those that wait when a host or the api-server is gone."""

from __future__ import annotations

from collections import Counter

from conftest import Deployment
from deployment.api import Api, Run
from deployment.wait import wait_for

MANY = 500
SEVERAL = 40
GATES = JOBS = 6
RESULTS = "SELECT count(*) FROM xcom WHERE run_id = %s AND task_id = 'wait'"
HOLDERS = "SELECT triggerer_id FROM trigger WHERE triggerer_id IS NOT NULL AND classpath = 'wasm:http_job'"


def test_five_hundred_mapped_deferrals(deployment: Deployment, api: Api) -> None:
    run = api.start("many")
    held = "trigger_host_triggers"
    wait_for("the host holds all of them at once", 90, lambda: deployment.host.metric(held) >= MANY)
    assert api.wait_for_run(run, within=150) == "success"
    assert deployment.database.one(f"{RESULTS} AND value::text LIKE '%%done%%'", (run.run_id,)) == MANY


def test_mapped_deferrals_with_payloads_of_their_own(api: Api) -> None:
    run = api.start("several")
    assert api.wait_for_run(run, within=150) == "success"
    results = {index: api.result(run, "wait", map_index=index) for index in range(SEVERAL)}
    assert results == {index: index for index in range(SEVERAL)}


def deferred(deployment: Deployment, run: Run) -> int:
    """Count the tasks of a run that are deferred."""
    query = "SELECT count(*) FROM task_instance WHERE run_id = %s AND state = 'deferred'"
    return int(deployment.database.one(query, (run.run_id,)))


def everything_waits(deployment: Deployment) -> Run:
    """Start the run that outlives things, until all of it is deferred and its jobs are submitted."""
    started = deployment.jobs.count("started")
    run = deployment.api.start("survives", jobs=deployment.jobs.url)
    wait_for("everything is deferred", 90, lambda: deferred(deployment, run) == GATES + JOBS)
    wait_for("all jobs are submitted", 60, lambda: deployment.jobs.count("started") == started + JOBS)
    return run


def test_a_second_host_takes_over_from_one_that_is_killed(deployment: Deployment, api: Api) -> None:
    deployment.start_host("second", host={"hostname": "127.0.0.2"})
    jobs = deployment.jobs
    started, cancelled = jobs.count("started"), jobs.count("cancelled")
    run = everything_waits(deployment)
    names = {host.job(deployment.database): name for name, host in deployment.hosts.items()}
    held = Counter(names[job] for (job,) in deployment.database.rows(HOLDERS))
    victim, _ = held.most_common(1)[0]
    deployment.kill_host(victim)
    deployment.gates.open(run.run_id)
    assert api.wait_for_run(run, within=150) == "success"
    assert (jobs.count("started"), jobs.count("cancelled")) == (started + JOBS, cancelled)
    for number in range(GATES):
        assert api.result(run, f"gate_{number}") == "through"
        assert api.result(run, f"job_{number}")["state"] == "done"
    # The tests that follow know it by this name.
    if victim == "host":
        deployment.end_host("second")
        deployment.start_host("host")


def test_the_api_server_is_restarted_in_the_middle(deployment: Deployment, api: Api) -> None:
    started = deployment.jobs.count("started")
    run = everything_waits(deployment)
    deployment.airflow.end_component("api-server")
    # What fires now must wait for the server.
    deployment.gates.open(run.run_id)
    deployment.airflow.start_component("api-server")
    deployment.airflow.wait_until_healthy()
    assert api.wait_for_run(run, within=150) == "success"
    assert deployment.jobs.count("started") == started + JOBS
    for number in range(GATES):
        assert api.result(run, f"gate_{number}") == "through"
