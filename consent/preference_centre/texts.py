"""Texts of the preference centre for states and lawful bases."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

STATES: dict[str, Promise] = {
    "unknown": _("Not answered yet: not allowed"),
    "requested": _("Not answered yet: not allowed"),
    "deferred": _("Deferred: not allowed"),
    "given": _("Allowed"),
    "refused": _("Refused: not allowed"),
    "withdrawn": _("Taken back: not allowed"),
    "revoked": _("Ended by the institution: not allowed"),
    "expired": _("Expired: not allowed until you decide again"),
    "outdated": _("The text has changed: not allowed until you decide again"),
    "invalidated": _("Not valid: not allowed"),
}
WIDENED: Promise = _("It has changed: not allowed until you decide again")
"""The state of a consent to a purpose that was widened since."""
TONES = {"given": "good", "expired": "warn", "outdated": "warn"}

BASIS_TEXTS: dict[str, Promise] = {
    "consent": _("This happens only if you allow it. You may take it back at any time."),
    "legitimate_interest": _(
        "This is based on an interest that was weighed against yours. You may object, and it then stops for you."
    ),
    "contract": _(
        "This is needed to provide what your institution and you have agreed on, so there is nothing to allow or "
        "refuse here: it ends when your account is closed."
    ),
    "legal_obligation": _("The law requires this, so neither you nor we can switch it off."),
}

DONE_MESSAGES: dict[str, Promise] = {
    "given": _("Allowed, from now on."),
    "refused": _("Refused. It is not allowed."),
    "withdrawn": _("Taken back. It is not allowed from now on."),
    "objected": _("Your objection is recorded. It stops for you from now on."),
    "lifted": _("Your objection is taken back."),
    "nothing": _("Nothing was changed: it was so already."),
}
"""Messages after an action, by the code in the URL."""
