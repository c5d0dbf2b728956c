"""The desk of rights requests in the console."""

from rights.desk.admin import acts, calls, dashboard, letters, panels, taking_in, tasks

__all__ = ["acts", "calls", "dashboard", "letters", "panels", "taking_in", "tasks"]
