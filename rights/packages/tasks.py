"""Background tasks: build packages, and move on those that wait for nothing."""

from contextlib import suppress
from datetime import datetime
from uuid import UUID

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from paktaleem.directory.files.services import FileTooLarge
from paktaleem.foundation.accounts.actors import Actor, system_actor
from paktaleem.foundation.accounts.tasks import each_client
from paktaleem.foundation.clock import client_now
from paktaleem.foundation.tenancy.context import in_client
from rights.packages.models import BuildFailure
from rights.packages.selectors import list_clients_with_packages
from rights.packages.services import BUILD, build_package, continue_waiting_packages, record_failure
from rights.requests.services.steps import RequestEnded

RETRY = RetryStrategy(max_attempts=4, wait=3600)
"""A technical fault is tried again an hour later, five builds in all; then the package waits for staff."""


@app.task(name=BUILD, retry=RETRY, pass_context=False)
def build_one_package(client: str, package: str) -> None:
    """Build one package; one that could not be built is shown to staff, and a technical fault is raised, too."""
    try:
        with in_client(UUID(client)):
            build_package(UUID(package), client_id=UUID(client), actor=system_actor(BUILD), at=client_now())
    except Exception as error:
        failure = BuildFailure.TOO_LARGE if isinstance(error, FileTooLarge) else BuildFailure.DEFECT
        with suppress(RequestEnded), in_client(UUID(client)):
            actor, at = system_actor(BUILD), client_now()
            record_failure(UUID(package), failure=failure, client_id=UUID(client), actor=actor, at=at)
        if failure is BuildFailure.DEFECT:
            raise


@each_client("rights.look_after_packages", cron="*/10 * * * *", due=list_clients_with_packages)
def look_after_packages(client_id: UUID, _actor: Actor, _at: datetime) -> None:
    """Every ten minutes, build packages that wait for nothing any more."""
    continue_waiting_packages(client_id)
