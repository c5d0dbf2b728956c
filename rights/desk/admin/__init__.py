"""The desk of rights requests in the console."""

from rights.desk.admin import cases, request_tasks
