"""Embedded PostgreSQL server for trials and tests, without installation or configuration. Independent of Django."""

from __future__ import annotations

from paktaleem.development.embedded.cluster import Cluster
from paktaleem.development.embedded.endpoint import APP, BACKUP, LIMITED, OFFICER, OWNER, SUPERUSER, Endpoint
from paktaleem.development.embedded.errors import ClusterError
from paktaleem.development.embedded.roles import drop_database, ensure_database, ensure_roles

__all__ = [
    "APP",
    "BACKUP",
    "LIMITED",
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
