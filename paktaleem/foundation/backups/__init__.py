"""Backup and restore, each of which fails rather than report an empty success."""
