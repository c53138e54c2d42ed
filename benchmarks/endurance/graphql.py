"""The webserver's GraphQL API, asked as the UI asks it."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from typing import Any

_SELECTOR = {"repositoryName": "__repository__", "repositoryLocationName": "thermal_assets"}

_BACKFILL = """
mutation Backfill($params: LaunchBackfillParams!) {
  launchPartitionBackfill(backfillParams: $params) {
    __typename
    ... on LaunchBackfillSuccess { backfillId }
    ... on PythonError { message }
    ... on UnauthorizedError { message }
  }
}
"""

_BACKFILL_STATUS = """
query Status($id: String!) {
  partitionBackfillOrError(backfillId: $id) {
    ... on PartitionBackfill { status error { message } }
  }
}
"""

_RUN = """
mutation Run($params: ExecutionParams!) {
  launchRun(executionParams: $params) {
    __typename
    ... on LaunchRunSuccess { run { runId } }
    ... on PythonError { message }
    ... on InvalidSubsetError { message }
    ... on RunConfigValidationInvalid { errors { message } }
  }
}
"""

_SENSOR = """
query Sensor($selector: SensorSelector!) {
  sensorOrError(sensorSelector: $selector) { ... on Sensor { id } ... on PythonError { message } }
}
"""

_STOP_SENSOR = """
mutation Stop($id: String!) {
  stopSensor(id: $id) { __typename ... on PythonError { message } }
}
"""


class GraphQL:
    """A client of the webserver at ``address``."""

    def __init__(self, address: str) -> None:
        self.address = address

    def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        """The ``data`` of the answer.

        Raises:
            RuntimeError: the answer holds errors. OSError: the webserver does not answer.
        """
        request = urllib.request.Request(
            f"{self.address}/graphql",
            json.dumps({"query": query, "variables": variables}).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            told = json.load(answer)
        if told.get("errors"):
            raise RuntimeError(str(told["errors"]))
        data: dict[str, Any] = told["data"]
        return data

    def wait_until_ready(self, seconds: float) -> None:
        """Wait until the webserver answers and has loaded the project."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                if "RepositoryConnection" in str(self.ask("{ repositoriesOrError { __typename } }")):
                    return
            except (OSError, RuntimeError, urllib.error.URLError):
                pass
            if time.monotonic() > deadline:
                raise TimeoutError(f"the webserver at {self.address} does not answer")
            time.sleep(0.5)

    def launch_backfill(self, assets: Sequence[str], partitions: Sequence[str]) -> str:
        """Launch a backfill of ``assets`` over ``partitions`` as the button of the UI does; returns its id."""
        params = {
            "assetSelection": [{"path": [asset]} for asset in assets],
            "partitionNames": list(partitions),
            "fromFailure": False,
        }
        answer = self.ask(_BACKFILL, params=params)["launchPartitionBackfill"]
        if "backfillId" not in answer:
            raise RuntimeError(str(answer))
        return str(answer["backfillId"])

    def backfill_status(self, backfill: str) -> str:
        """REQUESTED, COMPLETED_SUCCESS, COMPLETED_FAILED, ..."""
        answer = self.ask(_BACKFILL_STATUS, id=backfill)["partitionBackfillOrError"]
        return str(answer["status"])

    def launch_job(self, job: str, partition: str | None = None) -> str:
        """Launch ``job``, for one partition if it has them; returns the run id."""
        tags = [{"key": "dagster/partition", "value": partition}] if partition else []
        params = {
            "selector": {**_SELECTOR, "jobName": job},
            "runConfigData": {},
            "mode": "default",
            "executionMetadata": {"tags": tags},
        }
        answer = self.ask(_RUN, params=params)["launchRun"]
        if "run" not in answer:
            raise RuntimeError(str(answer))
        return str(answer["run"]["runId"])

    def stop_sensor(self, name: str) -> None:
        """Switch a sensor off, as its toggle in the UI does."""
        sensor = self.ask(_SENSOR, selector={**_SELECTOR, "sensorName": name})["sensorOrError"]
        answer = self.ask(_STOP_SENSOR, id=sensor["id"])["stopSensor"]
        if answer["__typename"] != "StopSensorMutationResult":
            raise RuntimeError(str(answer))
