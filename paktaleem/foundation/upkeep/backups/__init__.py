"""Backup and restore, verified by row counts."""
