"""Labels of events and subscriptions; an event that is an act of the ledger has that act's label."""

from django.utils.translation import gettext, gettext_noop

from paktaleem.directory.webhooks.events import EVENTS, INVALIDATED, TEST
from paktaleem.foundation.audit.words import ACTS, FAMILIES

__all__ = ["EVENT_WORDS", "event_in_words", "pattern_in_words"]

_OWN = {
    INVALIDATED: gettext_noop("Decisions must be queried again"),
    TEST: gettext_noop("Test message"),
    "recipient.added": gettext_noop("Recipient added"),
    "recipient.changed": gettext_noop("Recipient changed"),
    "recipient.approved": gettext_noop("Recipient approved"),
    "recipient.approval_changed": gettext_noop("Approval of a recipient changed"),
    "subject.readmitted": gettext_noop("Person may be registered again"),
}
EVENT_WORDS = {one.type: ACTS[one.kind] for one in EVENTS if one.type not in ACTS and one.kind in ACTS} | _OWN
"""Labels of events that differ from those of acts with the same code."""
_FAMILIES = {**FAMILIES, "decision": gettext_noop("Decisions"), "recipient": gettext_noop("Recipients")}


def event_in_words(event: str) -> str:
    """Return the label of an event in the current language; for a type no longer sent, its code."""
    words = EVENT_WORDS.get(event) or ACTS.get(event)
    return gettext(words) if words else event


def pattern_in_words(pattern: str) -> str:
    """Return the label of a subscription: an event, or a whole family as ``family.*``."""
    family, _, rest = pattern.partition(".")
    if rest != "*":
        return event_in_words(pattern)
    return gettext("{family}: everything").format(family=gettext(_FAMILIES.get(family, family)))
