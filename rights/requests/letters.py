"""Templates of letters about a rights request: one for each occasion and language, filled with what is recorded."""

from django.db import models
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.sign_in_rules import build_public_url
from rights.requests.answers import compose_answer
from rights.requests.deadlines import format_day
from rights.requests.models import RightsRequest
from rights.requests.selectors import name_rights
from rights.requests.services.steps import list_parts
from rights.requests.states import Decision


class Occasion(models.TextChoices):
    """Why a letter is written."""

    ACKNOWLEDGEMENT = "acknowledgement", _("Acknowledgement")
    IDENTITY = "identity", _("Identity needed")
    CLARIFICATION = "clarification", _("Clarification needed")
    NOTICE = "notice", _("Reasoned notice")
    GRANT = "grant", _("Grant")
    PARTIAL = "partial", _("Partial grant")
    REFUSAL = "refusal", _("Refusal")
    CLOSING = "closing", _("Closing")


ANSWERS = frozenset({Occasion.GRANT, Occasion.PARTIAL, Occasion.REFUSAL})
"""Occasions of the answer, which stops the clock; written with *Answer*. A notice is written with *Extend it*."""


def get_answer_occasion(request: RightsRequest) -> Occasion:
    """Return the occasion of the answer, from the decisions."""
    decisions = {part.decision for part in list_parts(request)}
    if decisions == {Decision.GRANTED.value}:
        return Occasion.GRANT
    return Occasion.REFUSAL if decisions == {Decision.REFUSED.value} else Occasion.PARTIAL


def compose_letter(request: RightsRequest, occasion: Occasion | str, *, language: str = "") -> str:
    """Return the draft of a letter, in the language of the request or another; staff edit it before it is sent.

    It has no name of the person, who reads it. The answer's draft holds the decisions, their reasons, and after a
    refusal the right to complain. ``request.client`` must be readable.
    """
    occasion, client = Occasion(occasion), Client.objects.get(pk=request.client_id)
    values = {
        "client": client.name,
        "number": request.number,
        "rights": name_rights(request),
        "received": format_day(request.received_at, client.time_zone),
        "due": format_day(request.due_at, client.time_zone),
        "decisions": compose_answer(request) if occasion in ANSWERS else "",
    }
    chosen = (language or request.language) if (language or request.language) in {"en", "ur"} else "en"
    return render_to_string(f"letters/{occasion.value}.{chosen}.txt", values).strip()


def get_start_url(request: RightsRequest) -> str:
    """Return the absolute URL at which the sender gets to their requests with a code.

    For a guardian it is their own page, where the requests are below each child; ``request.client`` must be readable.
    """
    page = "requests-start" if request.requester_id is None else "guardian-start"
    return build_public_url(reverse(page, args=[request.client.code]))


def build_link_url(token: str) -> str:
    """Return the absolute URL of an access link to the person's own page of requests."""
    return build_public_url(reverse("requests-link", args=[token]))
