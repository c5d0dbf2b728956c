"""Acts that an administrator limited to schools posts: they work as for one without a limit, or say why not."""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.test import Client
from procrastinate.contrib.django.models import ProcrastinateJob

from paktaleem.directory.data_systems.models import Order
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.tenancy.context import in_client, in_global
from rights.rectifications.models import CorrectedValue
from tests.cast import Cast
from tests.console.pages import row_url
from tests.project.offenders import refuse_any
from tests.project.test_acts_in_urdu import filled
from tests.school_limits.limiting import everyone, make_head, make_school
from tests.school_limits.test_acts import is_closed
from tests.school_limits.test_pages import own_acts
from tests.signing_in import browser_of

PERSON = "people/subject"
REFUSED = {
    "requests/rightsrequest/propose-erasure": "who granted the request proposes; here another administrator did",
    "people/subject/moves-away": "the pupil is in a class of another school, too",
}
"""Acts that open for one who is limited, and are refused when they are posted, with the reason."""


JOBS = {
    "children.ask_check": "asks a provider about one guardian of a pupil of the school",
    "consent.issue_limit_orders": "orders systems to restrict one person of the school",
    "erasures.continue": "erases one person, whose records are all shown to those who approved it",
    "erasures.notify": "informs that person",
    "mail.deliver": "sends one message that was written within the limit",
    "rights.build_package": "builds the copy of one person; who hands it over must see all records",
}
"""Tasks that acts of limited staff queue, and why they may run without the limit.

Invitations of many and the confirmation of a sheet open the limit again (test_paper_work).
"""


def outcome(browser: Client, url: str, given: dict[str, Any], tasks: set[str]) -> tuple[int, str]:
    """Post a form and roll it back; return the status and the errors of the form; add what it queues to ``tasks``."""
    with transaction.atomic():
        browser.raise_request_exception = False
        answer = browser.post(url, given)
        with in_global():
            tasks |= set(ProcrastinateJob.objects.values_list("task_name", flat=True))
        transaction.set_rollback(True)
    form: Any = answer.context and answer.context.get("form")
    errors = str(form.errors.as_data()) if form is not None and form.errors else ""
    return answer.status_code, errors


def test_each_open_act_does_the_same_as_for_one_without_a_limit(cast_of_rows: Cast, rows: dict[str, Any]) -> None:
    cast = cast_of_rows
    head = browser_of(make_head(cast, make_school(cast, "all", *everyone(cast))))
    farah = browser_of(cast.user("farah"))
    looked_at, done, tasks = [], 0, set[str]()
    with in_global():
        ProcrastinateJob.objects.all().delete()
    for act in own_acts():
        model, slug = act.rsplit("/", 1)
        if is_closed(act):
            continue
        url = row_url(model, rows.get(act, rows[model]), slug)
        page = head.get(url)
        form = page.context and page.context.get("form")
        if page.status_code != 200 or form is None:
            continue
        with in_client(cast.client_id("indus")):
            given = filled(form)
        free, limited = outcome(farah, url, given, set()), outcome(head, url, given, tasks)
        done += free[0] == 302
        is_same = limited == free
        looked_at.append((act, "" if is_same != (act in REFUSED) else f"{limited}, without a limit {free}"))
    refuse_any(looked_at)
    assert done > 40
    assert tasks == JOBS.keys(), sorted(tasks)


def make_north(cast: Cast, *people: str) -> tuple[UUID, Client]:
    school = make_school(cast, "north", *(cast.subject_id(one) for one in people))
    make_school(cast, "south", cast.subject_id("hamza"))
    return school, browser_of(make_head(cast, school))


def test_a_field_of_an_own_pupil_is_corrected_and_ordered(cast: Cast) -> None:
    own = cast.subject_id("hamza")
    head = browser_of(make_head(cast, make_school(cast, "north", own)))
    given = {"field": "email", "new_value": "right@mail.example", "reason": "subject_request"}
    answer = head.post(row_url(PERSON, own, "correct"), given)
    assert answer.status_code == 302, answer.context["form"].errors
    with in_client(cast.client_id("indus")):
        corrected = CorrectedValue.objects.get()
        assert corrected.subject_id == own
        orders = list(Order.objects.select_related("system"))
        assert {(one.kind, one.subject_id) for one in orders} == {("correct", own)}
        assert {one.system.code for one in orders} >= {"lms"}
    assert "Corrected fields" in head.get(row_url(PERSON, own)).content.decode()


def test_no_one_of_another_school_is_corrected(cast: Cast) -> None:
    _, head = make_north(cast, "junaid")
    with in_client(cast.client_id("indus")):
        before = Subject.objects.filter(pk=cast.subject_id("hamza")).values()[0]
    posted = {
        "correct": {"field": "email", "new_value": "right@mail.example", "reason": "review"},
        "change-roles": {"role": "instructor", "reason": "review", "shown": "0" * 64},
        "reveal": {"reason": "review"},
        "restrict": {"reason": "review"},
        "nothing": {},
    }
    statuses = {
        act: head.post(row_url(PERSON, cast.subject_id("hamza"), act), given).status_code
        for act, given in posted.items()
    }
    assert set(statuses.values()) == {404}
    added = {
        "external_id": "lms-hamza",
        "role": "student",
        "full_name": "Hamza",
        "language": "en",
        "reason": "onboarding",
    }
    answer = head.post("/admin/people/subject/add/", added)
    assert "in another school" in answer.content.decode()
    with in_client(cast.client_id("indus")):
        assert Subject.objects.filter(pk=cast.subject_id("hamza")).values()[0] == before
        assert not Order.objects.exists()
        assert not CorrectedValue.objects.exists()
