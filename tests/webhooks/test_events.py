"""The catalogue of events equals the database's."""

import pytest
from django.db import connection

from paktaleem.directory.webhooks.events import (
    EVENTS,
    INVALIDATED,
    EventUnknown,
    check_patterns,
    is_subscribed,
    patterns,
)
from paktaleem.foundation.tenancy.context import in_global


def test_the_database_function_lists_the_same_events(db):
    with in_global(), connection.cursor() as cursor:
        cursor.execute("SELECT type, kind, about, facts, is_shared FROM webhooks_events()")
        found = [(*names, tuple(facts), shared) for *names, facts, shared in cursor.fetchall()]
    assert [tuple(event) for event in EVENTS] == found


def test_every_type_and_every_family_may_be_subscribed_to():
    assert {"consent.withdrawn", "consent.*", INVALIDATED, "decision.*", "subject.erased"} <= set(patterns())
    assert check_patterns(["subject.*", "consent.given", "subject.*"]) == ["consent.given", "subject.*"]


@pytest.mark.parametrize("name", ["", "*", "consent", "consent.", "consent.gone", "webhook.test", "CONSENT.*"])
def test_unknown_events_may_not_be_subscribed_to(name):
    with pytest.raises(EventUnknown):
        check_patterns(["consent.*", name])


def test_a_family_includes_its_types_and_no_others():
    assert is_subscribed("consent.given", ["consent.*"])
    assert is_subscribed("consent.given", ["consent.given"])
    assert not is_subscribed("consent.given", ["consent.withdrawn", "notice.*"])
