"""The home as a Dagster resource, and the executor every job uses."""

from pathlib import Path

import dagster as dg
from pydantic import Field

from thermal_assets.errors import UserError
from thermal_assets.home.layout import Home, current_home, open_home


class HomeResource(dg.ConfigurableResource):
    """The folder that holds warehouse, vectors and reports of one data set."""

    path: str = Field(
        default="", description="Folder of the home; left empty: the environment variable THERMAL_ASSETS_HOME"
    )

    def open(self) -> Home:
        """The home.

        Raises:
            UserError: it is not named, or is no home.
        """
        return open_home(Path(self.path)) if self.path else current_home()


def _executor() -> dg.ExecutorDefinition:
    """In-process unless home.toml asks otherwise: a process of its own costs a trivial step a second and a half."""
    try:
        chosen = current_home().settings.executor
    except UserError:  # no home yet: definitions must load all the same
        chosen = "in_process"
    return dg.multiprocess_executor if chosen == "multiprocess" else dg.in_process_executor


@dg.definitions
def resources() -> dg.Definitions:
    return dg.Definitions(resources={"home": HomeResource()}, executor=_executor())
