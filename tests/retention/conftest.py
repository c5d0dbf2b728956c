"""Fixtures: Indus, whose learning platform reports collections about Danish, aged 9, and others."""

from datetime import timedelta

import pytest

from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from retention.holdings.services.holdings import CollectionReport, report_collection
from tests.accounts.officers import second_officer


@pytest.fixture
def report(cast, indus, now):
    """Report a collection by the platform, by default an hour ago; return it and the incident, if any."""

    def report(person="danish", category="usage_logs", *, at=now, collected_at=None, purpose="support", count=3):
        collected = CollectionReport(
            category=category,
            occasion="assessment",
            purpose=purpose,
            collected_at=collected_at or at - timedelta(hours=1),
            count=count,
        )
        return report_collection(cast.subject(person), collected, actor=cast.key_actor("indus"), at=at)

    return report


@pytest.fixture
def another(cast):
    del cast
    return second_officer()
