"""The catalogue of events equals the database's."""

from importlib import import_module
from pkgutil import iter_modules

import pytest

from paktaleem.directory.webhooks import migrations
from paktaleem.directory.webhooks.events import (
    EVENTS,
    INVALIDATED,
    EventUnknown,
    check_patterns,
    is_subscribed,
    patterns,
)


def test_the_outbox_knows_the_same_events():
    names = sorted(one.name for one in iter_modules(migrations.__path__))
    lists = [import_module(f"{migrations.__name__}.{name}") for name in names]
    newest = [one.EVENTS for one in lists if hasattr(one, "EVENTS")][-1]
    assert [tuple(event) for event in EVENTS] == newest


def test_every_type_and_every_family_may_be_subscribed_to():
    assert {"consent.withdrawn", "consent.*", INVALIDATED, "decision.*", "subject.erased"} <= set(patterns())
    assert check_patterns(["subject.*", "consent.given", "subject.*"]) == ["consent.given", "subject.*"]


@pytest.mark.parametrize("name", ["", "*", "consent", "consent.", "consent.gone", "webhook.test", "CONSENT.*"])
def test_what_there_is_not_may_not(name):
    with pytest.raises(EventUnknown):
        check_patterns(["consent.*", name])


def test_a_family_includes_its_types_and_no_others():
    assert is_subscribed("consent.given", ["consent.*"])
    assert is_subscribed("consent.given", ["consent.given"])
    assert not is_subscribed("consent.given", ["consent.withdrawn", "notice.*"])
