"""Labels of events and subscriptions; an event that is an act of the ledger has that act's label."""

from django.utils.translation import gettext, gettext_noop

from paktaleem.directory.webhooks.events import INVALIDATED, TEST
from paktaleem.foundation.audit.acts import ACT_NAMES, ACTS
from paktaleem.foundation.audit.names import FAMILY_NAMES

_LABELS = {
    INVALIDATED: gettext_noop("Decisions must be queried again"),
    TEST: gettext_noop("Test message"),
    **{
        event.type: event.label or act.name
        for act in ACTS
        for event in act.events
        if event.type and event.type not in ACT_NAMES
    },
}
"""Labels of the events that are not acts of the same code."""
_FAMILIES = {**FAMILY_NAMES, "decision": gettext_noop("Decisions"), "recipient": gettext_noop("Recipients")}


def event_label(event: str) -> str:
    """Return the label of an event in the current language; for a type no longer sent, its code."""
    words = _LABELS.get(event) or ACT_NAMES.get(event)
    return gettext(words) if words else event


def pattern_label(pattern: str) -> str:
    """Return the label of a subscription: an event, or a whole family as ``family.*``."""
    family, _, rest = pattern.partition(".")
    if rest != "*":
        return event_label(pattern)
    return gettext("{family}: everything").format(family=gettext(_FAMILIES.get(family, family)))
