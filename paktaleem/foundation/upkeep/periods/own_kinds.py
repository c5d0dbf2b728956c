"""Kinds of data of the foundation's apps below this one."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from paktaleem.foundation.upkeep.periods.kinds import Bounds, DataKind, Disposal

JOBS_DONE, JOBS_FAILED = "jobs_done", "jobs_failed"
PURGE_FINISHED = "worker.forget_jobs"


def list_kinds() -> tuple[DataKind, ...]:
    """List the kinds of the job queue."""
    ended: dict[str, Any] = {"disposal": Disposal.ROWS, "task": PURGE_FINISHED, "counted_from": _("The end of the job")}
    return (
        DataKind(code=JOBS_DONE, name=_("Finished jobs of the worker"), bounds=Bounds(1, 1, 30), **ended),
        DataKind(code=JOBS_FAILED, name=_("Failed jobs of the worker"), bounds=Bounds(30, 1, 365), **ended),
    )
