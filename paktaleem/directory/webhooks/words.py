"""What each event is called, and a subscription: an event that is an act of the ledger has that act's words."""

from django.utils.translation import gettext, gettext_noop

from paktaleem.directory.webhooks.events import EVENTS, INVALIDATED, TEST
from paktaleem.foundation.audit.words import ACTS, FAMILIES

__all__ = ["EVENT_WORDS", "event_in_words", "pattern_in_words"]

_OWN = {
    INVALIDATED: gettext_noop("Decisions have to be asked anew"),
    TEST: gettext_noop("Test message"),
    "recipient.added": gettext_noop("Recipient added"),
    "recipient.changed": gettext_noop("Recipient changed"),
    "recipient.approved": gettext_noop("Recipient approved"),
    "recipient.approval_changed": gettext_noop("Approval of a recipient changed"),
    "subject.readmitted": gettext_noop("Person may be registered again"),
}
EVENT_WORDS = {one.type: ACTS[one.kind] for one in EVENTS if one.type not in ACTS and one.kind in ACTS} | _OWN
"""Events that are called otherwise than an act of the same code."""
_FAMILIES = {**FAMILIES, "decision": gettext_noop("Decisions"), "recipient": gettext_noop("Recipients")}


def event_in_words(event: str) -> str:
    """Give the words of an event in the language of the page; of one that is sent no more, its code."""
    words = EVENT_WORDS.get(event) or ACTS.get(event)
    return gettext(words) if words else event


def pattern_in_words(pattern: str) -> str:
    """Give the words of what one may subscribe to: an event, or a whole family as ``family.*``."""
    family, _, rest = pattern.partition(".")
    if rest != "*":
        return event_in_words(pattern)
    return gettext("{family}: everything").format(family=gettext(_FAMILIES.get(family, family)))
