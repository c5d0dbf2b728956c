"""Embedded PostgreSQL server for trials and tests, without installation or configuration. Independent of Django."""
