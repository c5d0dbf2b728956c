"""Selectors of forms, the people they ask, and the guardians who may sign them."""

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils import translation
from django.utils.translation import gettext

from children.guardians.models import Guardianship, Source
from children.guardians.selectors import load_facts_of_children
from children.invitations.models import ContactProblem, Invitation, State
from consent.notices.selectors.registers import bases_in_force, find_purposes, map_category_names
from consent.paper.models import OPEN_STATES, AnswerState, FormRun, PaperAnswer
from consent.register.compiled import Basis
from consent.register.models.purposes import Purpose
from paktaleem.directory.data_systems.models import EXEMPTION_LABELS
from paktaleem.directory.data_systems.selectors import name_systems
from paktaleem.directory.people.models import AgeGate, GuardianClaim, Subject
from paktaleem.directory.people.selectors import having_left, list_subjects
from paktaleem.directory.schools.selectors import Selection, select_chosen
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.audit.actors import Reason

NAMED_AT_MOST = 10


def purposes_to_ask(client_id: UUID, *, at: datetime) -> list[Purpose]:
    """List the active purposes based on consent for any role at a client, which a form can ask about."""
    bases = bases_in_force(client_id, at=at)
    purpose_ids = {purpose for (purpose, _), basis in bases.items() if basis.basis == Basis.CONSENT}
    return list(Purpose.objects.filter(pk__in=purpose_ids, is_active=True).order_by("code"))


def select_people(client: Client, chosen: Selection, *, actor: Actor, at: datetime) -> QuerySet[Subject]:
    """Select the chosen people; those who have left only by id. Raises ValidationError naming unknown LMS ids."""
    found = list_subjects(actor).filter(client=client, erased_at=None, erasure_started_at=None)
    known = found.filter(external_id__in=chosen.ids)
    missing = sorted({*chosen.ids} - {*known.values_list("external_id", flat=True)}) if chosen.ids else []
    if missing:
        message = gettext("This client has no people with these LMS ids: {ids}.")
        more = ["…"] if len(missing) > NAMED_AT_MOST else []
        raise ValidationError({"ids": [message.format(ids=", ".join([*missing[:NAMED_AT_MOST], *more]))]})
    found = found if chosen.ids else found.exclude(having_left())
    return select_chosen(found, chosen, client=client, at=at).order_by("external_id")


def select_unreachable(client: Client, chosen: Selection, *, actor: Actor, at: datetime) -> QuerySet[Subject]:
    """Select the chosen children with a guardian who cannot be asked by message. Raises NotAllowed."""
    pending = Invitation.objects.filter(client_id=client.pk, state=State.CONTACT_PENDING)
    children = pending.exclude(problem__in=["", ContactProblem.TOO_MANY]).values("child_id")
    found = list_subjects(actor).filter(client=client, erased_at=None, erasure_started_at=None, pk__in=children)
    return select_chosen(found, chosen, client=client, at=at).order_by("external_id")


def list_signers(client: Client, children: Iterable[Subject], *, at: datetime) -> dict[UUID, list[tuple[Subject, str]]]:
    """Map children to the guardians who may sign for them, each with the relationship.

    Those who may decide, and those named by roster or platform; not if a roster no longer names them, unless verified.
    """
    found: dict[UUID, list[tuple[Subject, str]]] = {child.pk: [] for child in children}
    own = {"client_id": client.pk, "child__in": list(found)}
    facts = load_facts_of_children(client.pk, found)
    claims = {
        (one.child_id, one.guardian_id): one
        for one in GuardianClaim.objects.filter(**own, ends_at=None).select_related("guardian")
    }
    verified = {one.id for child in facts.values() for one in child.guardians if one.has_authority(at)}
    for row in Guardianship.objects.filter(**own).select_related("guardian"):
        is_claimed = claims.pop((row.child_id, row.guardian_id), None) is not None
        is_named = row.source != Source.ROSTER or is_claimed or row.pk in verified
        in_effect = row.starts_at <= at and (row.ends_at is None or at < row.ends_at)
        if is_named and in_effect and row.may_consent and not row.court_order:
            found[row.child_id].append((row.guardian, row.get_relationship_display()))
    for (child, _), claim in claims.items():
        found[child].append((claim.guardian, claim.get_relationship_display()))
    gate: AgeGate = {"thresholds": client.thresholds, "serves_minors": client.serves_minors}
    return {
        child: sorted((one for one in signers if one[0].is_recorded and not one[0].is_child(at, **gate)), key=str)
        for child, signers in found.items()
    }


def list_open_signers(client_id: UUID, pages: Iterable[UUID]) -> set[tuple[UUID, UUID | None]]:
    """Return page and guardian (None: the person of the page) of each answer that is not settled."""
    waiting = PaperAnswer.objects.filter(client_id=client_id, page__in=list(pages), state__in=OPEN_STATES)
    return set(waiting.values_list("page_id", "guardian_id"))


def list_states(client_id: UUID, pages: Iterable[UUID]) -> dict[UUID, list[str]]:
    """Map pages with answers to the states of these, for display."""
    found: dict[UUID, list[str]] = {}
    for answer in PaperAnswer.objects.filter(client_id=client_id, page__in=list(pages)).order_by("entered_at", "id"):
        found.setdefault(answer.page_id, []).append(answer.get_state_display())
    return found


def count_progress(run: FormRun) -> Counter[str]:
    """Count a form's pages by progress: confirmed, waiting, none."""
    answers = PaperAnswer.objects.filter(client_id=run.client_id, page__run=run)
    confirmed = set(answers.filter(state=AnswerState.CONFIRMED).values_list("page_id", flat=True))
    waiting = set(answers.filter(state__in=OPEN_STATES).values_list("page_id", flat=True)) - confirmed
    none = run.people - len(confirmed) - len(waiting)
    return Counter(confirmed=len(confirmed), waiting=len(waiting), none=none)


type Both = dict[str, str]
"""A text in English (``en``) and Urdu (``ur``)."""

_LANGUAGES = ("en", "ur")


def in_each[Found](find: Callable[[], Found]) -> dict[str, Found]:
    """Return what a function returns in each language."""
    found = {}
    for language in _LANGUAGES:
        with translation.override(language):
            found[language] = find()
    return found


def in_both(say: Callable[[], Any]) -> Both:
    """Return what a function says in each language, as text."""
    return in_each(lambda: str(say()))


def name_codes(
    client_id: UUID, *, systems: Iterable[str], categories: Iterable[str], purposes: Iterable[str]
) -> dict[str, dict[str, Any]]:
    """Map the codes of each kind to their names; a code that the register does not have is mapped to itself."""
    names = {language: map_category_names(client_id, language=language) for language in _LANGUAGES}
    known = find_purposes(client_id, sorted(set(purposes)))
    return {
        "systems": name_systems(client_id, systems),
        "categories": {
            code: {one: names[one].get(code, code) for one in _LANGUAGES} for code in sorted(set(categories))
        },
        "purposes": {
            code: {one: getattr(known[code], f"name_{one}") if code in known else code for one in _LANGUAGES}
            for code in sorted(set(purposes))
        },
    }


def name_reasons(codes: Iterable[str]) -> dict[str, Both]:
    """Map the codes with which systems answered that an order does not apply, and those of staff, to their words."""
    return {code: in_both(partial(_say_reason, code)) for code in set(codes) - {""}}


def _say_reason(code: str) -> object:
    return EXEMPTION_LABELS.get(code) or translation.gettext(str(dict(Reason.choices).get(code, code)))
