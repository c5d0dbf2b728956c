"""Roles changed by staff: previewed, with history and orders; a guardian of a child stays one."""

import re
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone

from consent.decisions.selectors.changes import preview_roles
from paktaleem.directory.data_systems.models import Order
from paktaleem.directory.people.models import AgeChange, Subject
from paktaleem.directory.people.services.age_recomputation import settle_age_change
from paktaleem.directory.people.services.people import claim_guardian
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import in_client
from rights.rectifications.models import CorrectedValue
from rights.rectifications.services.applying import correct_roles
from tests.cast import Cast
from tests.console.pages import row_url
from tests.factories import SETTING_UP
from tests.signing_in import SignIn

PERSON = "people/subject"


def change(browser: Client, url: str, **form: Any) -> tuple[str, Any]:
    """Send the form, then again as its preview asks; return the preview's page and the last response."""
    shown = browser.post(url, {"reason": "review", **form}).content.decode()
    [fingerprint] = re.findall(r'name="shown" value="(\w+)"', shown)
    return " ".join(shown.split()), browser.post(url, {"reason": "review", **form, "shown": fingerprint})


def roles_of(cast: Cast, name: str) -> tuple[str, ...]:
    with in_client(cast.client_id("indus")):
        return cast.subject(name).roles


def test_a_change_of_roles_is_previewed_then_kept_in_the_history_and_ordered(sign_in: SignIn, cast: Cast) -> None:
    farah, url = sign_in("farah"), row_url(PERSON, cast.subject_id("junaid"), "change-roles")
    with in_client(cast.client_id("indus")):
        entries = Entry.objects.count()
    first = farah.post(url, {"role": "instructor", "other_roles": ["student", "guardian"], "reason": "review"})
    assert first.status_code == 200
    assert roles_of(cast, "junaid") == ("instructor",)
    with in_client(cast.client_id("indus")):
        assert (Entry.objects.count(), Order.objects.count()) == (entries, 0)
    preview, done = change(farah, url, role="instructor", other_roles=["guardian", "student"])
    assert "Roles afterwards: <strong>Instructor, Student, Guardian</strong>" in preview
    assert "Afterwards</th>" in preview
    assert done.status_code == 302
    assert roles_of(cast, "junaid") == ("instructor", "student", "guardian")
    with in_client(cast.client_id("indus")):
        past = Subject.history.filter(id=cast.subject_id("junaid")).latest("history_date", "history_id")
        assert (past.other_roles, past.actor_id, past.history_change_reason) == (
            ["student", "guardian"],
            cast.user_id("farah"),
            "review",
        )
        assert CorrectedValue.objects.get().field == "roles"
        assert set(Order.objects.values_list("kind", flat=True)) == {"correct"}
    assert "Roles" in farah.get(row_url(PERSON, cast.subject_id("junaid"))).content.decode()


def test_the_preview_names_the_decisions_that_then_differ(cast: Cast) -> None:
    with in_client(cast.client_id("indus")):
        junaid, at = cast.subject("junaid"), timezone.now()
        there = preview_roles(junaid, "instructor", ["student"], at=at)
        assert there.effects
        by: dict[str, Any] = {"actor": cast.actor("farah"), "reason": "review", "at": at}
        correct_roles(junaid, role="instructor", other_roles=["student"], **by)
        back = preview_roles(cast.subject("junaid"), "instructor", [], at=at)
        assert [(one.purpose, one.after, one.now) for one in back.effects] == [*there.effects]


def test_a_confirmation_of_another_preview_shows_the_new_one(sign_in: SignIn, cast: Cast) -> None:
    farah, url = sign_in("farah"), row_url(PERSON, cast.subject_id("junaid"), "change-roles")
    form = {"role": "instructor", "other_roles": ["guardian"], "reason": "review", "shown": "0" * 64}
    again = farah.post(url, form)
    assert "Nothing has changed yet." in again.content.decode()
    assert roles_of(cast, "junaid") == ("instructor",)
    same = farah.post(url, {"role": "instructor", "reason": "review"})
    assert "The person has these roles already." in same.content.decode()


def test_a_student_of_unknown_age_becomes_a_teacher_only_with_a_second_person(sign_in: SignIn, cast: Cast) -> None:
    url = row_url(PERSON, cast.subject_id("iqra"), "change-roles")
    preview, done = change(sign_in("farah"), url, role="instructor")
    assert "until a second person confirms it" in preview
    assert done.status_code == 302
    assert roles_of(cast, "iqra") == ("student",)
    with in_client(cast.client_id("indus")):
        assert not Order.objects.exists()
        settle_age_change(AgeChange.objects.get(), approve=True, actor=cast.actor("amina"), at=timezone.now())
        assert set(Order.objects.values_list("kind", flat=True)) == {"correct"}
    assert roles_of(cast, "iqra") == ("instructor",)


def test_the_role_of_a_guardian_is_not_taken_from_a_guardian_of_a_child(sign_in: SignIn, cast: Cast) -> None:
    with in_client(cast.client_id("indus")):
        by: dict[str, Any] = {"actor": SETTING_UP, "at": timezone.now()}
        claim_guardian(cast.subject("hamza"), guardian=cast.subject("esra"), relationship="parent", **by)
        with pytest.raises(ValidationError, match="guardian of a child"):
            correct_roles(
                cast.subject("esra"),
                role="instructor",
                other_roles=[],
                actor=cast.actor("farah"),
                reason="review",
                at=timezone.now(),
            )
    _preview, refused = change(
        sign_in("farah"), row_url(PERSON, cast.subject_id("esra"), "change-roles"), role="instructor"
    )
    assert "This person is a guardian of a child." in refused.content.decode()
    assert roles_of(cast, "esra") == ("guardian",)


def test_staff_of_another_client_do_not_change_roles(sign_in: SignIn, cast: Cast) -> None:
    url = row_url(PERSON, cast.subject_id("junaid"), "change-roles")
    assert sign_in("celia").post(url, {"role": "student", "reason": "review"}).status_code == 404
