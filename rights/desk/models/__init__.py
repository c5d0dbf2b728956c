"""Models of the desk."""

from rights.desk.models import handovers, letters, request_tasks
