"""Embedded PostgreSQL server for trials and tests, without installation or configuration. Independent of Django."""

from __future__ import annotations

from paktaleem.embedded.cluster import Cluster
from paktaleem.embedded.endpoint import APP, BACKUP, OFFICER, OWNER, SUPERUSER, Endpoint
from paktaleem.embedded.errors import ClusterError
from paktaleem.embedded.roles import drop_database, ensure_database, ensure_roles

__all__ = [
    "APP",
    "BACKUP",
    "OFFICER",
    "OWNER",
    "SUPERUSER",
    "Cluster",
    "ClusterError",
    "Endpoint",
    "drop_database",
    "ensure_database",
    "ensure_roles",
]
