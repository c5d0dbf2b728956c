"""Everything that an administrator limited to one school reads: pages, lists, searches, files.

North has one pupil. No one else of Indus is named on any page, by id, LMS id, name, contact or number of a case, and
a list that is searched or filtered by someone else answers as if they did not exist.
"""

import re
from itertools import zip_longest
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.selectors import sealer_of
from paktaleem.directory.people.services.people import open_details
from paktaleem.foundation.console.exporting import ExportableAdmin
from paktaleem.foundation.console.filters import TypedFilter
from paktaleem.foundation.console.person_pages import TABS, person_pages
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import new_id
from rights.erasures.models import ErasureProposal
from rights.requests.models import RightsRequest
from tests.consent.making import announce
from tests.console.pages import MODELS, admin_of, list_url, row_url
from tests.console.test_exports import export
from tests.factories import SubjectFactory
from tests.project.offenders import refuse_any
from tests.project.test_permission_matrix import (
    ANONYMOUS,
    CONSOLE,
    CONSOLE_BY_ROLE,
    OWN_PAGES,
    PUBLISHED,
    VISITORS,
    example,
)
from tests.school_limits.limiting import make_head, make_school
from tests.school_limits.test_acts import is_closed, own_acts
from tests.signing_in import browser_of

OK = 200
OWN = "own-pupil-of-north"


class North:
    """The head of North in a browser, the only pupil there, and what names everyone else of Indus."""

    def __init__(self, cast, rows):
        self.client_id, self.rows = cast.client_id("indus"), rows
        with in_client(self.client_id):
            others = list(Subject.objects.select_related("client").filter(erased_at=None))
            self.hidden = [one for one in others if one.external_id]
            self.marks = set(filter(None, (mark for one in others for mark in marks_of(one))))
            for model in (RightsRequest, ErasureProposal):
                self.marks |= set(model.objects.values_list("number", flat=True))
            self.own = SubjectFactory(client=cast.client("indus"), external_id=OWN, full_name="Own Pupil").pk
        self.browser = browser_of(make_head(cast, make_school(cast, "north", self.own)))
        self.pattern = re.compile("|".join(map(re.escape, sorted(self.marks, key=len, reverse=True))))

    def named_in(self, content, url=""):
        return ", ".join(sorted({found for found in self.pattern.findall(content) if found not in url}))


def marks_of(person):
    yield str(person.pk)
    yield from (text for text in [person.external_id or ""] if len(text) > 5)
    details = open_details(person, sealer_of(person))
    yield from (text for text in (details.full_name, details.email, details.phone) if text and text != "Someone")


@pytest.fixture
def north(cast_of_rows, rows):
    return North(cast_of_rows, rows)


def pages(north):
    """Yield the pages of the console that are not about a row of someone else; test_pages attacks those."""
    yield from (example(route) for route in (*CONSOLE, *CONSOLE_BY_ROLE, *OWN_PAGES))
    for model in MODELS:
        yield from (list_url(model), list_url(model) + "add/", list_url(model) + "export/")
        yield f"{list_url(model)}?progress=all"
    own, client = "people/subject", "accounts/client"
    acts = [act for act in own_acts() if not is_closed(act)]
    for model, row in ((own, north.own), (client, north.client_id)):
        yield from (row_url(model, row, act.rsplit("/", 1)[1]) for act in acts if act.startswith(f"{model}/"))
    yield from (row_url(own, north.own, page) for page in ("change", "history", *(one.slug for one in person_pages)))
    yield from (f"{row_url(own, north.own)}?tab={tab.code}" for tab in TABS[1:])
    shared = [model for model in MODELS if str(admin_of(model).model.wall.limited) in {"read", "classes"}]
    yield from (row_url(model, north.rows[model], page) for model in shared for page in ("change", "history"))


def test_no_page_names_anyone_of_another_school(north):
    looked_at, opened = [], 0
    for url in dict.fromkeys(pages(north)):
        answer = north.browser.get(url)
        opened += answer.status_code == OK
        looked_at.append((url, north.named_in(b"".join(answer).decode(errors="replace"), url)))
    refuse_any(looked_at)
    assert opened > 150


def test_every_list_that_is_exported_holds_own_rows_only(north):
    looked_at, exported = [], dict[str, int]()
    for model in MODELS:
        url = list_url(model) + "export/"
        if isinstance(admin_of(model), ExportableAdmin) and north.browser.get(url).status_code == OK:
            for kind in ("csv", "xlsx"):
                found = export(north.browser, url, kind)
                exported[model] = len(found) - 1
                looked_at.append((f"{url} {kind}", north.named_in("\n".join(map(",".join, found)))))
    refuse_any(looked_at)
    assert exported["people/subject"] == 1
    assert len(exported) > 10


def answers_alike(north, url, *values):
    """Return what tells the answers of a URL for these values apart: an oracle."""
    found = []
    for value in values:
        answer = north.browser.get(url + value)
        text = re.sub(r'csrfmiddlewaretoken" value="\w+"|nonce="[\w-]+"', "", answer.content.decode())
        lines = [str(answer.status_code), answer.get("Location", ""), *text.splitlines()]
        found.append([line.replace(value, "…") for line in lines])
    told = [f"{one} / {other}" for one, other in zip_longest(*found) if one != other]
    return " ".join(told)[:300]


def lookups(model):
    own = admin_of(model)
    for field in own.model._meta.concrete_fields:
        if field.is_relation and field.related_model is Subject:
            yield from (f"{field.name}__id__exact", f"{field.name}__exact", f"{field.name}__pk__in")
            yield from (f"{field.name}__external_id__startswith", field.column)


def test_no_list_answers_whether_someone_of_another_school_exists(north):
    hidden, looked_at = next(one for one in north.hidden if one.external_id == "lms-danish"), []
    pairs = {"id": (str(hidden.pk), str(new_id())), "external_id": ("lms-danish", "lms-nobody")}
    for model in MODELS:
        answer = north.browser.get(list_url(model))
        if answer.status_code != OK:
            continue
        typed = [one.parameter_name for one in answer.context["cl"].filter_specs if isinstance(one, TypedFilter)]
        asked = dict.fromkeys(("q", *typed), "external_id")
        asked |= {one: "external_id" if "external_id" in one else "id" for one in lookups(model)}
        for parameter, kind in asked.items():
            url = f"{list_url(model)}?{parameter}="
            looked_at.append((url, answers_alike(north, url, *pairs[kind])))
    refuse_any(looked_at)
    assert len(looked_at) > 150


def test_no_search_finds_anyone_of_another_school(north):
    looked_at = []
    terms = {"reason": "support_case"}
    for url in ("/admin/search/", list_url("people/subject") + "find/"):
        for text in sorted(north.marks):
            answer = north.browser.post(url, {"text": text, **terms})
            wrong = "leads to a page" if answer.status_code != OK else north.named_in(answer.content.decode(), text)
            looked_at.append((f"{url} {text}", wrong))
        assert OWN in north.browser.post(url, {"text": OWN, **terms}, follow=True).content.decode()
    refuse_any(looked_at)


def shown(browser, url):
    answer = browser.get(url)
    text = b"".join(answer).decode(errors="replace")
    ignored = r'csrfmiddlewaretoken" value="\w+"|nonce="[^"]+"|data-admin-\S+="[^"]+"'
    return answer.status_code, re.sub(ignored, "", text)


def test_public_pages_are_the_same_as_without_a_sign_in(cast):
    children = {"child_text_en": "For you.", "child_text_ur": "آپ کے لیے۔"}
    at = timezone.now()
    version = announce(cast, at, code="privacy_notice", is_material=False, effective_at=at, **children)
    head, looked_at = (
        browser_of(make_head(cast, make_school(cast, "north", cast.subject_id("junaid")))),
        list[tuple[str, Any]](),
    )
    for route in {**PUBLISHED, **VISITORS}.keys() - {""}:  # the first page redirects staff to the console
        for url in {example(route, version.pk), example(route, version.pk).replace("/none/", "/indus/")}:
            free, signed_in = shown(Client(), url), shown(head, url)
            looked_at.append((url, "" if free == signed_in else f"{free[0]} and {signed_in[0]}"))
    refuse_any(looked_at)
    assert ANONYMOUS.keys().isdisjoint(VISITORS)
