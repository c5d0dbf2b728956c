"""Every page complies with the strict policy, and no list has a query per row."""

from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from time_machine import TimeMachineFixture

from consent.consents.models import ConsentState
from consent.consents.services.recording import Answer, record_answers
from consent.consents.services.restrictions import object_to_purpose, restrict_processing
from paktaleem.directory.people.services.people import claim_guardian, reveal_fields
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.console.model_admin import ScopedAdmin
from paktaleem.foundation.console.row_actions import PAGES, RowAction
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import new_id
from tests.cast import Cast
from tests.console.pages import MODELS, admin_of, list_url, refused_by_policy, row_url
from tests.console.test_permissions import STAFF, TABLE
from tests.factories import SubjectFactory
from tests.project.offenders import refuse_any
from tests.showing import shown
from tests.signing_in import SignIn


def _add_people(cast: Cast, number: int) -> None:
    at, actor = timezone.now(), cast.actor("farah")
    client_id = cast.client_id("indus")
    with in_client(client_id):
        client = Client.objects.get(pk=client_id)
        for _ in range(number):
            person = SubjectFactory(client=client, external_id=f"new-{new_id()}", role="instructor")
            answers = [Answer("newsletter", ConsentState.GIVEN)]
            record_answers(person, answers=answers, shown=shown(client_id, at), actor=actor, at=at)
            restrict_processing(person, actor=actor, reason=Reason.REVIEW, at=at)
            object_to_purpose(person, purpose_code="platform_improvement", actor=actor, reason=Reason.REVIEW, at=at)
            reveal_fields(person, actor=actor, reason=Reason.REVIEW, at=at)
            claim_guardian(person, guardian=cast.subject("esra"), relationship="relative", actor=actor, at=at)


def test_no_field_of_a_model_hides_the_column_that_its_page_declares() -> None:
    """Of a field and a method of one name Django shows the field: the state as plain text, without its colour."""

    def list_hidden(model: str) -> list[str]:
        page = admin_of(model)
        fields = {field.name for field in page.opts.get_fields()}
        shown_names = {name for name in (*page.list_display, *page.detail_fields) if isinstance(name, str)}
        return sorted(name for name in shown_names & fields if hasattr(type(page), name))

    refuse_any((model, list_hidden(model)) for model in MODELS)


@pytest.mark.parametrize("name", ["amina", "farah"])
def test_a_list_takes_as_many_queries_for_one_row_as_for_many(
    name: str, sign_in: SignIn, cast: Cast, time_machine: TimeMachineFixture
) -> None:
    time_machine.move_to(timezone.now(), tick=False)  # the session is not refreshed, which takes queries of its own
    browser = sign_in(name)
    _add_people(cast, 1)
    models = [model for model in MODELS if STAFF[name] in TABLE[model][0]]
    person = row_url("subjects/subject", cast.subject_id("esra"))
    urls = ["/admin/", *(list_url(model) for model in models), person]
    most = {"/admin/": 51, person: 60}  # cards of twenty-five apps; panels of ten
    counts = {}
    for url in urls:
        browser.get(url)
        with CaptureQueriesContext(connection) as few:
            assert browser.get(url).status_code == 200
        counts[url] = len(few)
    _add_people(cast, 6)
    for url in urls:
        with CaptureQueriesContext(connection) as many:
            browser.get(url)
        assert len(many) == counts[url], url
        assert len(many) <= most.get(url, 45), url


@pytest.mark.parametrize("name", ["amina", "farah", "bilal"])
def test_no_page_without_a_model_has_an_inline_style_script_or_handler(name: str, sign_in: SignIn) -> None:
    """Pages of models: tests/project/test_permission_matrix.py, which opens them all by role."""
    browser = sign_in(name)
    for page in ("", "account/", "search/", "password_change/", "choose/", "subjects/subject/find/"):
        url = f"/admin/{page}"
        response = browser.get(url)
        assert response.status_code == 200, url
        assert refused_by_policy(response.content.decode()) == [], url
        assert "unsafe" not in response["Content-Security-Policy"]


def test_pages_of_errors_and_of_signing_in_are_clean_too(sign_in: SignIn, cast: Cast) -> None:
    browser = sign_in("farah")
    for url, status in {
        "/admin/nothing/": 404,
        "/admin/accounts/user/": 403,
        "/admin/accounts/apikey/?digest__exact=1": 400,
    }.items():
        response = browser.get(url)
        assert response.status_code == status
        assert refused_by_policy(response.content.decode()) == []
    browser.logout()
    assert refused_by_policy(browser.get("/admin/login/").content.decode()) == []


def test_an_empty_list_says_what_it_is_for(sign_in: SignIn) -> None:
    page = sign_in("amina").get(list_url("consent/recipient")).content.decode()
    assert "nothing is shared with anyone" in page


def unsaid(model: str) -> list[str]:
    """Texts that a list lacks: its purpose, and the meaning of an empty list."""
    owner = admin_of(model)
    said = {
        "intro": owner.intro.endswith("."),
        "empty_text": owner.empty_text.endswith(".") and owner.empty_text != ScopedAdmin.empty_text,
    }
    return [name for name, is_said in said.items() if not is_said]


def test_every_list_says_what_it_is_for_and_what_its_being_empty_means() -> None:
    refuse_any((model, unsaid(model)) for model in MODELS)


def test_a_filter_that_finds_nothing_says_so_otherwise(sign_in: SignIn, cast: Cast) -> None:
    browser, url = sign_in("amina"), list_url("consent/recipient")
    empty = browser.get(url).content.decode()
    assert "Add the first one" in empty
    assert "No rows match." not in empty
    filtered = browser.get(f"{url}?client__id__exact={cast.client_id('khyber')}").content.decode()
    assert "No rows match." in filtered
    assert "nothing is shared with anyone" not in filtered
    assert "Add the first one" not in filtered


@pytest.mark.parametrize("slug", sorted(PAGES))
def test_no_act_takes_the_place_of_a_page(slug: str) -> None:
    told: dict[str, Any] = {"label": "Act", "capability": Capability.VIEW_SUBJECTS, "perform": lambda *_: None}
    assert RowAction("act", **told).slug == "act"
    with pytest.raises(ImproperlyConfigured, match=slug):
        RowAction(slug, **told)
