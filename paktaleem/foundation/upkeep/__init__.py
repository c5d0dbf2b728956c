"""Backups, periods of the portal's own rows, and locks of long runs."""
