"""Trigger Host's side in Airflow: an API plugin for the server, and what a Dag names to reach a component."""
