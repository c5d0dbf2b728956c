"""The desk of rights requests in the console."""

from rights.desk.admin import acts, calls, dashboard, letters, panels, request_tasks, taking_in
