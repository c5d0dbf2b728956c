"""Models of the desk."""

from rights.desk.models.handovers import HandOver
from rights.desk.models.letters import RequestLetter, Way
from rights.desk.models.request_tasks import RequestTask, RequestTaskQuerySet, TaskKind

__all__ = ["HandOver", "RequestLetter", "RequestTask", "RequestTaskQuerySet", "TaskKind", "Way"]
