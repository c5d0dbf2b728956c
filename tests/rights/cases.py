"""Make rights requests for tests."""

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from consent.register.models.agreements import Recipient, RecipientApproval
from consent.register.services import change_register
from paktaleem.directory.people.services.people import register_subject
from paktaleem.foundation.accounts.actors import NotAllowed, person_actor
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.tenancy.context import in_client
from rights.channels.guardians import record_guardian_request
from rights.requests.services.decisions import decide_part
from rights.requests.services.intake import deny_own_request, receive_request
from rights.requests.services.steps import list_parts
from tests.children.guardians import verified_guardian
from tests.consent.making import approve_by_two
from tests.factories import CAST_AT, SETTING_UP

AT = datetime(2026, 10, 1, 9, tzinfo=UTC)
DAY = timedelta(days=1)


def received(cast, *kinds, subject="hamza", client="indus", **given):
    """Receive a request of a person whom the learning platform has signed in, unless ``given`` says otherwise."""
    details = {"channel": "api", "identity": "lms" if subject else "", "language": "en", "actor": SETTING_UP, "at": AT}
    with in_client(cast.client_id(client)):
        person = cast.subject(subject) if subject else None
        return receive_request(cast.client(client), kinds=kinds or ["access"], subject=person, **{**details, **given})


def in_indus(cast, look):
    with in_client(cast.client_id("indus")):
        return look()


@contextmanager
def naming(*fields):
    """Expect an error that names these fields."""
    with pytest.raises(ValidationError) as refused:
        yield
    assert list(refused.value.error_dict) == [*fields]


def refused_to(cast, names, act, *about, **given):
    for name in names.split():
        with pytest.raises(NotAllowed):
            act(*about, **given, actor=cast.actor(name))


def own(cast, name="hamza", ward=None):
    """Return a person as an actor, or a guardian who acts for a child."""
    return person_actor(cast.subject_id(name), cast.client_id("indus"), acts_for=cast.subject_id(ward or name))


def verified(cast, at=AT):
    """Verify Danish's mother as his guardian."""
    with in_client(cast.client_id("indus")):
        return verified_guardian(cast.subject("danish"), cast.subject("esra"), at=at)


def part_of(request, decider="client"):
    with in_client(request.client_id):
        return next(part for part in list_parts(request) if part.decider == decider)


def decided(cast, request, decision="granted", at=AT, *, is_begun=False, **given):
    """Let each controller decide its parts, all of them undecided unless the request ``is_begun``."""
    with in_client(request.client_id):
        for part in [one for one in list_parts(request) if not (is_begun and one.decision)]:
            actor = cast.actor("farah" if part.decider == "client" else "amina")
            decide_part(part, decision=decision, actor=actor, at=at, **given)
        request.refresh_from_db()
        return request


def asked_by_guardian(cast, wish, **given):
    """Record what Danish's mother requests, on her page with a code, unless ``given`` says otherwise."""
    details = {"identity": "code", "channel": "own_page", "actor": own(cast, "esra", "danish"), "at": AT, **given}
    with in_client(cast.client_id("indus")):
        made = record_guardian_request(cast.subject("danish"), guardian=cast.subject("esra"), wish=wish, **details)
    assert made is not None
    return made


def withdraw(cast, request, at=AT):
    assert request.subject_id is not None
    actor = person_actor(request.subject_id, request.client_id, acts_for=request.subject_id)
    deny_own_request(request, by_code=False, actor=actor, at=at)


def approve_recipient(cast):
    """Approve an outside recipient of Indus, a day before every request."""
    by: dict[str, Any] = {"actor": SETTING_UP, "reason": Reason.ONBOARDING, "at": AT - DAY}
    own: dict[str, Any] = {"client_id": cast.client_id("indus")}
    host = Recipient(code="host", name="Host Ltd", service="Hosting", agreement_reference="A1", **own)
    change_register(host, **by)
    approve_by_two(RecipientApproval(recipient=host, starts_at=AT - DAY, **own), at=AT - DAY)
    return host


def add_phone(cast, name="hamza", phone="+923007654321", at=CAST_AT):
    """Put a telephone number of a person of Indus on file; by default long before every request."""
    told = {"actor": SETTING_UP, "at": at + timedelta(hours=1)}
    with in_client(cast.client_id("indus")):
        register_subject(f"lms-{name}", client=cast.client("indus"), details={"phone": phone}, **told)


def absent(text, *words):
    """Return the words that are not in a text; all should be."""
    return [one for one in words if one not in text]


def present(text, *words):
    """Return the words that are in a text; none should be."""
    return [one for one in words if one in text]
