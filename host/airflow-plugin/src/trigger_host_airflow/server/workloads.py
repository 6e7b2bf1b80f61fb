"""Workloads: what a host needs to run a trigger, built as Airflow 3.3.2's triggerer builds them.

See docs/design/execution-api.md#workloads.

- One broken row harms no other.
- The number of statements does not grow with the number of triggers, only with that of Dag versions among them.
"""

import json
import logging
from collections.abc import Callable, Collection, Hashable
from typing import Any

from airflow.executors.workloads.task import TaskInstanceDTO
from airflow.executors.workloads.trigger import RunTrigger
from airflow.models.asset import AssetWatcherModel
from airflow.models.callback import Callback
from airflow.models.dagbag import DBDagBag
from airflow.models.dagrun import DagRun
from airflow.models.taskinstance import TaskInstance
from airflow.models.trigger import Trigger
from airflow.serialization.definitions.dag import SerializedDAG
from airflow.utils.helpers import log_filename_template_renderer
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from trigger_host_airflow.server import checkpoints
from trigger_host_airflow.server.kwargs import plain_text

log = logging.getLogger(__name__)


class Builder:
    """Builds the workloads of one request."""

    def __init__(self, session: Session, dag_bag: DBDagBag, *, with_checkpoints: bool) -> None:
        self._session = session
        self._dag_bag = dag_bag
        self._with_checkpoints = with_checkpoints
        self._log_name: Callable[..., str] = log_filename_template_renderer()
        self._dags: dict[Hashable, SerializedDAG | None] = {}
        self._data: dict[Hashable, dict[str, Any] | None] = {}

    def build(self, trigger_ids: Collection[int]) -> list[str]:
        """Return the JSON text of each workload. Triggers that nobody needs any more are left out."""
        triggers = self._triggers(trigger_ids)
        kept = checkpoints.stored(self._session, trigger_ids) if self._with_checkpoints else {}
        callbacks = set(self._session.scalars(select(Callback.trigger_id).where(Callback.trigger_id.in_(trigger_ids))))
        texts = []
        for trigger in triggers:
            if trigger.task_instance is None and not trigger.asset_watchers and trigger.id not in callbacks:
                continue
            try:
                workload = self._workload(trigger)
                if workload is not None:
                    if trigger.id in kept:
                        workload["checkpoint"] = kept[trigger.id]
                    texts.append(json.dumps(workload, allow_nan=False))
            except Exception:
                log.exception("The workload of trigger %d cannot be built and is left out.", trigger.id)
        return texts

    def _triggers(self, trigger_ids: Collection[int]) -> list[Trigger]:
        task = selectinload(Trigger.task_instance)
        query = (
            select(Trigger)
            .where(Trigger.id.in_(trigger_ids))
            .options(
                task.joinedload(TaskInstance.dag_run).options(joinedload(DagRun.dag_model)),
                selectinload(Trigger.asset_watchers).joinedload(AssetWatcherModel.asset),
            )
        )
        return list(self._session.scalars(query))

    def _workload(self, trigger: Trigger) -> dict[str, Any] | None:
        common: dict[str, Any] = {
            "id": trigger.id,
            "classpath": trigger.classpath,
            "encrypted_kwargs": plain_text(trigger.encrypted_kwargs, trigger.id),
        }
        task_instance = trigger.task_instance
        if task_instance is None:
            watched = {watcher.asset.name: watcher.asset.uri for watcher in trigger.asset_watchers}
            return RunTrigger(**common, watched_assets=watched or None).model_dump(mode="json")
        if not task_instance.dag_version_id:
            log.warning("The task instance of trigger %d has no Dag version; left out.", trigger.id)
            return None
        workload = RunTrigger(
            **common,
            ti=TaskInstanceDTO.model_validate(task_instance, from_attributes=True),
            timeout_after=task_instance.trigger_timeout,
            **self._start_data(task_instance),
        ).model_dump(mode="json")
        workload["log_path"] = self._log_name(ti=task_instance)
        return workload

    def _start_data(self, task_instance: TaskInstance) -> dict[str, Any]:
        """Return the Dag and its run, for a task that starts from its trigger: the host renders its templates."""
        dag_run = task_instance.dag_run
        try:
            dag = self._dag(task_instance, dag_run)
            if dag is None or not dag.has_task(task_instance.task_id):
                return {}
            if not dag.get_task(task_instance.task_id).start_from_trigger:
                return {}
            data = self._dag_data(task_instance, dag_run)
            run = dag_run.dag_run_data.model_dump(exclude_unset=True)
        except Exception:
            # The host finds a template that it cannot render, and fails the trigger with a quotation.
            log.exception("The Dag of %s cannot be read; its workload goes without it.", task_instance.id)
            return {}
        return {"dag_data": data, "dag_run_data": run}

    def _dag(self, task_instance: TaskInstance, dag_run: DagRun) -> SerializedDAG | None:
        key = _version(task_instance, dag_run)
        if key not in self._dags:
            dag = self._dag_bag.get_dag_for_run(dag_run, session=self._session)
            if dag is None and task_instance.dag_version_id:
                dag = self._dag_bag.get_dag(task_instance.dag_version_id, session=self._session)
            self._dags[key] = dag
        return self._dags[key]

    def _dag_data(self, task_instance: TaskInstance, dag_run: DagRun) -> dict[str, Any] | None:
        key = _version(task_instance, dag_run)
        if key not in self._data:
            model = self._dag_bag.get_serialized_dag_model_for_run(dag_run, session=self._session)
            if model is None and task_instance.dag_version_id:
                model = self._dag_bag.get_serialized_dag_model(task_instance.dag_version_id, session=self._session)
            self._data[key] = model.data if model else None
        return self._data[key]


def _version(task_instance: TaskInstance, dag_run: DagRun) -> Hashable:
    """Return the same for all that Airflow resolves to one version of a Dag."""
    pinned = dag_run.created_dag_version_id if dag_run.bundle_version else None
    return (dag_run.dag_id, pinned, task_instance.dag_version_id)
