"""How the runs that a sensor asked for have ended, read from Dagster's history."""

import time
from collections.abc import Collection

import dagster as dg
from dagster._core.storage.tags import AUTO_RETRY_RUN_ID_TAG, RUN_KEY_TAG, SENSOR_NAME_TAG, WILL_RETRY_TAG

from thermal_assets.defs.asset_kit import MAY_PASS
from thermal_assets.steps.requests import Outcome

_KEYS_A_QUERY = 200
_DECIDED_AFTER_SECONDS = 60.0


def run_outcomes(
    instance: dg.DagsterInstance, sensor_name: str, run_keys: Collection[str]
) -> dict[str, tuple[Outcome, str]]:
    """Run key -> how its run stands, and why it failed; a key without a run is left out."""
    keys = sorted(run_keys)
    found: dict[str, tuple[Outcome, str]] = {}
    for start in range(0, len(keys), _KEYS_A_QUERY):
        tags = {SENSOR_NAME_TAG: sensor_name, RUN_KEY_TAG: keys[start : start + _KEYS_A_QUERY]}
        for record in instance.get_run_records(dg.RunsFilter(tags=tags)):  # newest first
            key = record.dagster_run.tags[RUN_KEY_TAG]
            if key not in found:
                found[key] = run_outcome(instance, record.dagster_run)
    return found


def run_outcome(instance: dg.DagsterInstance, run: dg.DagsterRun) -> tuple[Outcome, str]:
    """How ``run`` stands, and why it failed."""
    # Dagster itself starts a run again whose process was killed: what counts is how that one ends.
    while next_id := run.tags.get(AUTO_RETRY_RUN_ID_TAG):
        following = instance.get_run_by_id(next_id)
        if following is None:
            break
        run = following
    if run.status == dg.DagsterRunStatus.SUCCESS:
        return Outcome.SUCCEEDED, ""
    if run.status == dg.DagsterRunStatus.CANCELED:
        return Outcome.STOPPED, ""
    if run.status != dg.DagsterRunStatus.FAILURE:
        return Outcome.UNDER_WAY, ""
    decided = run.tags.get(WILL_RETRY_TAG)
    if decided == "true" and AUTO_RETRY_RUN_ID_TAG not in run.tags:
        return Outcome.UNDER_WAY, ""
    if decided is None and instance.run_retries_enabled and _just_ended(instance, run.run_id):
        return Outcome.UNDER_WAY, ""
    return _why(instance, run.run_id)


def _just_ended(instance: dg.DagsterInstance, run_id: str) -> bool:
    """Between the end of a run and Dagster's word whether it starts it again, moments pass on a busy machine."""
    record = instance.get_run_record_by_id(run_id)
    return record is not None and time.time() - (record.end_time or 0.0) < _DECIDED_AFTER_SECONDS


def _why(instance: dg.DagsterInstance, run_id: str) -> tuple[Outcome, str]:
    outcome, reason = Outcome.FAILED, "the process of the run ended"
    for entry in instance.all_logs(run_id, of_type=dg.DagsterEventType.STEP_FAILURE):
        event = entry.dagster_event
        if event is None:
            continue
        told = event.step_failure_data.user_failure_data
        if told is not None and MAY_PASS not in told.metadata:
            return Outcome.MISTAKE, told.description or ""
        error = event.step_failure_data.error
        reason = (told.description if told else None) or (error.cause or error).message if error else reason
    return outcome, reason.strip().splitlines()[-1] if reason.strip() else ""
