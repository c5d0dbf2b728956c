"""Families of acts and their names, by which the ledger is filtered and webhook events are grouped. Pure."""

from paktaleem.foundation.marking import mark as _

__all__ = ["FAMILY_NAMES"]

FAMILY_NAMES = {
    "activity": _("Reported activity"),
    "answers": _("Answer sheets"),
    "answer": _("Answers on paper"),
    "api_key": _("API keys"),
    "balancing": _("Balancing tests"),
    "client": _("Clients"),
    "collection": _("Collections"),
    "consent": _("Consents"),
    "disposal": _("Disposals"),
    "erasure": _("Erasures"),
    "form": _("Consent forms"),
    "guardian": _("Guardians"),
    "hold": _("Holds"),
    "incident": _("Incidents"),
    "key_epoch": _("Wrapping keys"),
    "letter": _("Emails and text messages"),
    "list": _("List exports"),
    "membership": _("Memberships"),
    "message": _("Messages in the mailbox"),
    "notice": _("Notices"),
    "objection": _("Objections"),
    "order": _("Orders"),
    "page_code": _("One-time codes"),
    "page_link": _("Access links"),
    "people": _("Searches for people"),
    "policy": _("Policy"),
    "purpose": _("Purposes"),
    "readmission": _("Readmissions"),
    "register": _("Register"),
    "restriction": _("Restrictions"),
    "rights_request": _("Rights requests"),
    "roster": _("Rosters"),
    "safeguard": _("Changes to safeguards"),
    "sandbox": _("Sandboxes"),
    "sign_in": _("Sign-ins"),
    "staff": _("Changes of staff"),
    "subject": _("People"),
    "system": _("Data systems"),
    "user": _("Staff accounts"),
    "webhook": _("Webhooks"),
}
"""Families of acts: the part of the kind before the dot."""
