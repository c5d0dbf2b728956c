"""Helpers of the paper tests: forms and typed answers."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from consent.paper.models import SERVICE, SHARING, Addressee, FormPage, FormRun, PaperAnswer
from consent.paper.services.answers import TypedAnswer, enter_answers
from consent.paper.services.forms import make_form
from paktaleem.directory.people.models import Subject
from tests.cast import Cast

BOTH = ("newsletter", "product_research")
SIGNED_ON = date(2026, 9, 30)


def form_for(
    cast: Cast, people: Sequence[Subject], at: datetime, purposes: Sequence[str] = BOTH, client: str = "indus"
) -> FormRun:
    by = {"indus": "farah", "khyber": "celia"}[client]
    return make_form(
        cast.client(client), name="Grade 7 B", purposes=purposes, people=people, actor=cast.actor(by), at=at
    )


def guardians_form(cast: Cast, people: Sequence[Subject], at: datetime, purposes: Sequence[str] = BOTH) -> FormRun:
    return make_form(
        cast.client("indus"),
        name="Grade 3 A",
        purposes=purposes,
        people=people,
        addressee=Addressee.GUARDIAN,
        actor=cast.actor("farah"),
        at=at,
    )


def page_of(run: FormRun, subject: Subject) -> FormPage:
    return FormPage.objects.select_related("run", "subject").get(run=run, subject=subject)


def said(page: FormPage, newsletter: str = "yes", research: str = "", day: date = SIGNED_ON) -> TypedAnswer:
    """Return the answers of a person; by default on 30 September."""
    given = {"newsletter": newsletter, "product_research": research}
    return TypedAnswer(page, {code: word == "yes" for code, word in given.items() if word}, day)


def signed(  # noqa: PLR0917 -- the answers in the order of the page, then the guardian
    page: FormPage,
    guardian: Subject | None,
    service: str = "yes",
    newsletter: str = "",
    research: str = "",
    sharing: str = "",
    *,
    day: date = SIGNED_ON,
) -> TypedAnswer:
    """Return the answers that a guardian signed, or without one the child; by default on 30 September."""
    given = {SERVICE: service, SHARING: sharing, "newsletter": newsletter, "product_research": research}
    answers = {code: word == "yes" for code, word in given.items() if word}
    return TypedAnswer(page, answers, day, guardian.pk if guardian is not None else None)


def enter(cast: Cast, at: datetime, *typed: TypedAnswer, **changed: Any) -> list[PaperAnswer]:
    values = {"method": "paper", "note": "Box 3", "actor": cast.actor("farah"), "at": at, **changed}
    return enter_answers(typed[0].page.run, typed, **values)
