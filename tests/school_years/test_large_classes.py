"""Pupils of a class larger than its form lists: it says how many are left out, and takes them by LMS id."""

import re
from typing import Any

import pytest
from django.test import Client

from paktaleem.directory.schools.models import SchoolClass
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.office.school_years.admin import class_moves
from tests.api.callers import Caller
from tests.cast import Cast
from tests.schools.making import periods
from tests.signing_in import SignIn

MOVE: dict[str, Any] = {"joining": "9c", "on": "2026-09-21", "reason": "client_instruction"}
PUPILS = ("danish", "hamza", "iqra")


@pytest.fixture
def url(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> str:
    """The form of a class of three pupils and their teacher, which lists two."""
    monkeypatch.setattr(class_moves, "_MOST_PEOPLE", 2)
    indus = Caller(cast.key("indus"))
    for name in ("4a", "9c"):
        assert indus.put(f"/api/v1/classes/{name}", {"title": name}).status_code == 201
    rows = [{"subject": f"lms-{one}", "class": "4a", "starts_on": "2026-08-03"} for one in PUPILS]
    rows.append({"subject": "lms-junaid", "class": "4a", "role": "teacher", "starts_on": "2026-08-03"})
    assert indus.post("/api/v1/enrolments/batch", {"enrolments": rows}).status_code == 200
    with in_client(cast.client_id("indus")):
        return f"/admin/schools/schoolclass/{SchoolClass.objects.get(external_id='4a').pk}/move-pupils/"


def text_of(browser: Client, url: str, **given: Any) -> str:
    page = browser.post(url, {**MOVE, **given}) if given else browser.get(url)
    return " ".join(page.content.decode().split())


def confirm(browser: Client, url: str, **given: Any) -> int:
    [seen] = re.findall(r'name="seen" value="(\w+)"', text_of(browser, url, **given))
    return browser.post(url, {**MOVE, **given, "seen": seen}).status_code


def test_the_form_says_how_many_are_left_out_and_takes_them_by_id(url: str, cast: Cast, sign_in: SignIn) -> None:
    farah = sign_in("farah")
    page = text_of(farah, url)
    assert "The first 2 are listed, in the order of their LMS ids; 1 more are not." in page
    assert (page.count('name="people"'), 'name="ids"' in page) == (2, True)
    assert confirm(farah, url, people=[str(cast.subject_id("danish"))], ids="lms-iqra") == 302
    with in_client(cast.client_id("indus")):
        moved = [("4a", "2026-08-03", "2026-09-21"), ("9c", "2026-09-21", None)]
        assert [periods(f"lms-{one}") for one in PUPILS] == [moved, [("4a", "2026-08-03", None)], moved]


def test_an_id_that_is_no_pupil_of_the_class_and_too_many_move_no_one(url: str, cast: Cast, sign_in: SignIn) -> None:
    farah, both = sign_in("farah"), [str(cast.subject_id(one)) for one in PUPILS[:2]]
    for ids in ("lms-junaid", "lms-kiran", "nobody"):
        assert f"Not a pupil of this class today: {ids}." in text_of(farah, url, ids=f"lms-iqra\n{ids}")
    assert "Choose at most 2 pupils at once." in text_of(farah, url, people=both, ids="lms-iqra")
    assert 'seen" value' not in text_of(farah, url, people=[], ids="")
    assert confirm(farah, url, people=both, ids="lms-danish") == 302, "named twice, moved once"


def test_a_class_that_is_listed_whole_asks_for_no_ids(
    url: str, cast: Cast, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    for most in (3, 4):
        monkeypatch.setattr(class_moves, "_MOST_PEOPLE", most)
        page = text_of(sign_in("farah"), url)
        assert (page.count('name="people"'), 'name="ids"' in page, "more are not" in page) == (3, False, False)
