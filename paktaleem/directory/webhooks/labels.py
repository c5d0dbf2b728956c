"""Labels of events and subscriptions; an event that is an act of the ledger has that act's label."""

from django.utils.translation import gettext, gettext_noop

from paktaleem.directory.webhooks.events import EVENTS, INVALIDATED, TEST
from paktaleem.foundation.audit.act_names import ACT_NAMES, FAMILY_NAMES

__all__ = ["EVENT_WORDS", "event_label", "pattern_label"]

_OWN = {
    INVALIDATED: gettext_noop("Decisions must be queried again"),
    TEST: gettext_noop("Test message"),
    "recipient.added": gettext_noop("Recipient added"),
    "recipient.changed": gettext_noop("Recipient changed"),
    "recipient.approved": gettext_noop("Recipient approved"),
    "recipient.approval_changed": gettext_noop("Approval of a recipient changed"),
    "subject.readmitted": gettext_noop("Person may be registered again"),
}
EVENT_WORDS = {
    one.type: ACT_NAMES[one.kind] for one in EVENTS if one.type not in ACT_NAMES and one.kind in ACT_NAMES
} | _OWN
"""Labels of events that differ from those of acts with the same code."""
_FAMILIES = {**FAMILY_NAMES, "decision": gettext_noop("Decisions"), "recipient": gettext_noop("Recipients")}


def event_label(event: str) -> str:
    """Return the label of an event in the current language; for a type no longer sent, its code."""
    words = EVENT_WORDS.get(event) or ACT_NAMES.get(event)
    return gettext(words) if words else event


def pattern_label(pattern: str) -> str:
    """Return the label of a subscription: an event, or a whole family as ``family.*``."""
    family, _, rest = pattern.partition(".")
    if rest != "*":
        return event_label(pattern)
    return gettext("{family}: everything").format(family=gettext(_FAMILIES.get(family, family)))
