"""Airflow's word that a component starts: the moment to install the routing in scheduler, dag-processor, triggerer."""

from __future__ import annotations

from airflow.listeners import hookimpl

from trigger_host_airflow import routing


@hookimpl
def on_starting(component: object) -> None:
    """Install the routing where a ``Job`` starts. Task processes start too, but as something else."""
    if type(component).__module__ == "airflow.jobs.job":
        routing.install()
