"""Fixtures of retention: Indus, and collections that its platform reports."""

from tests.retention.conftest import another, report
