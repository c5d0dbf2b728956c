"""Acts and lists of an administrator limited to schools: which are open, what they do, and why others are refused."""

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import ProgrammingError, connection, transaction
from django.http import HttpResponse
from django.test import RequestFactory
from procrastinate.contrib.django.models import ProcrastinateJob

from paktaleem.directory.data_systems.models import Order
from paktaleem.foundation.accounts.actors import Actor, user_actor
from paktaleem.foundation.accounts.middleware import RequestContextMiddleware
from paktaleem.foundation.accounts.roles import LIMITED_CAPABILITIES
from paktaleem.foundation.tenancy.context import in_client, in_global
from paktaleem.foundation.tenancy.school_limits import begin_with_people
from paktaleem.foundation.web.public.errors import permission_denied
from retention.schedule.models import Hold
from rights.rectifications.models import CorrectedValue
from tests.console.pages import MODELS, admin_of, row_url
from tests.project.acts import ACTS
from tests.project.offenders import refuse_any
from tests.project.test_acts_in_urdu import filled
from tests.school_limits.limiting import everyone, make_head, make_school
from tests.signing_in import browser_of


def own_acts():
    return sorted(act for act, roles in ACTS.items() if "C" in roles)


def open_statuses(browser, rows, acts):
    found = {}
    for act in acts:
        model, slug = act.rsplit("/", 1)
        found[act] = browser.get(f"/admin/{model}/{rows.get(act, rows[model])}/{slug}/").status_code
    return found


def test_no_act_or_page_opens_a_row_of_people_of_another_school(cast_of_rows, rows):
    cast = cast_of_rows
    browser = browser_of(make_head(cast, make_school(cast, "empty")))
    shared = {model for model in MODELS if str(admin_of(model).model.wall.limited) in {"read", "classes"}}
    shared |= {"accounts/client", "accounts/user", "accounts/membership"}
    statuses = open_statuses(browser, rows, own_acts())
    pages = [f"{model}/{page}" for model in MODELS for page in ("change", "history")]
    statuses |= open_statuses(browser, rows, pages)
    opened = {act for act, status in statuses.items() if status not in {403, 404}}
    assert {act for act in opened if act.rsplit("/", 1)[0] not in shared} == set()
    assert "data_systems/system/change" in opened, "the register is read"


def test_a_limit_names_no_capability_that_an_administrator_does_not_have(cast):
    admin: Actor = user_actor(cast.user_id("farah"), "client_admin", cast.client_id("indus"))
    assert admin.capabilities >= LIMITED_CAPABILITIES


def test_an_act_about_more_than_the_schools_is_refused_with_the_reason(cast):
    school = make_school(cast, "north", cast.subject_id("danish"))
    browser = browser_of(make_head(cast, school))
    given = {"kind": "legal", "ground": "Case 12.", "category": "", "system": "", "review_on": "2099-01-01"}
    answer = browser.post("/admin/schedule/hold/add/", given)
    assert answer.status_code == 200
    assert "Your role is limited to some schools." in answer.content.decode()
    assert not cast.has(Hold)


WHOLE_CLIENT = {
    "staff/accessreview": "reviews who has access to the whole client",
    "accounts/client": "changes the client, its sandbox or its emails",
    "accounts/membership": "a membership outside the schools is not shown",
    "accounts/apikey": "keys see everyone",
    "accounts/staffchange": "widens roles by two people",
    "staff/signonlink": "the sign-in of all staff",
    "staff/provider": "the sign-in of all staff",
    "people/personmerge": "two records may belong to two schools",
    "schools/rosterimport": "a roster states all schools",
    "agreements": "the agreement with PakTaleem",
    "consent/agreementsuspension": "the agreement with PakTaleem",
    "consent/serviceagreement": "the agreement with PakTaleem",
    "consent/instruction": "the agreement with PakTaleem",
    "consent/lawfulbasis": "the register",
    "consent/noticedispatch": "notices to everyone",
    "consent/noticedraft": "notices to everyone",
    "consent/purpose": "the register",
    "consent/purposecapacity": "the register",
    "consent/recipientapproval": "the register",
    "accounts/proposedchange": "the register",
    **dict.fromkeys(("consent/assessment", "consent/balancingtest", "consent/recipient"), "the register"),
    "cookies": "sites of the client",
    "records": "assessments of the client",
    **dict.fromkeys(("data_systems/system", "data_map", "inventories"), "systems hold data of everyone"),
    "data_systems/systemkey": "systems hold data of everyone",
    "webhooks": "events about everyone",
    "disposals": "batches of the client's rules",
    "schedule/retentionrule": "rules about everyone",
    "schedule/hold/lift": "the end of a hold, which two people without a limit agree to",
    "consent/restriction/lift": "a weaker safeguard, which two people without a limit agree to",
    "mailbox": "an email that no person is found for",
    "requests/rightsrequest/messages": "emails that no person is found for",
    "reports/regulatorpack": "a pack about the whole client",
    "reports/usefinding": "systems and keys of the whole client",
    "schools/school/end-year": "the end of the school year",
    "exits": "the end of the agreement",
    "people/subject/same-person": "two records may belong to two schools",
    "people/subject/not-same-person": "two records may belong to two schools",
    "paper/paperanswer": "answers on forms that were made for the whole client",
    "paper/formrun": "forms that were made for the whole client; a limited administrator makes their own",
}
"""Acts of an administrator that stay closed to one who is limited: model, or model and act, and why."""
OPEN = {
    "accounts/client/digest": "reads what concerns these people",
    "accounts/client/set-up": "reads how far the set-up is",
}
"""Exceptions from a model of ``WHOLE_CLIENT``."""


def is_closed(act):
    app, model, _ = act.split("/")
    return act not in OPEN and bool({app, f"{app}/{model}", act} & WHOLE_CLIENT.keys())


def test_each_act_is_open_for_people_of_the_schools_or_about_the_whole_client(cast_of_rows, rows):
    cast = cast_of_rows
    head = make_head(cast, make_school(cast, "all", *everyone(cast)))
    browser = browser_of(head)
    statuses = open_statuses(browser, rows, own_acts())
    wrong = {act: status for act, status in statuses.items() if is_closed(act) != (status in {403, 404})}
    assert wrong == {}
    refusal = browser.get(f"/admin/data_systems/system/{rows['data_systems/system']}/end/").content.decode()
    assert "Your role is limited to some schools." in refusal


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


def outcome(browser, url, given, tasks):
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


def test_each_open_act_does_the_same_as_for_one_without_a_limit(cast_of_rows, rows):
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


def test_a_field_of_an_own_pupil_is_corrected_and_ordered(cast):
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


LIMIT, ROLE = "Your role is limited to some schools.", "You do not have permission to see this page or to do this."


def head_of(cast, role="client_admin"):
    return browser_of(make_head(cast, make_school(cast, "north", cast.subject_id("danish")), role=role))


def find_cause(browser, url):
    answer = browser.get(url)
    assert answer.status_code == 403, url
    return [words for words in (LIMIT, ROLE) if words in answer.content.decode()]


def test_an_administrator_reads_whether_the_limit_or_the_role_refuses(cast):
    head = head_of(cast)
    for page in ("accounts/apikey/", "accounts/apikey/add/", "webhooks/endpoint/", "breaches/breach/"):
        assert find_cause(head, f"/admin/{page}") == [LIMIT], page
    for page in ("accounts/client/add/", "audit/entry/add/"):
        assert find_cause(head, f"/admin/{page}") == [ROLE], page


def test_who_may_never_do_it_does_not_read_of_the_limit(cast):
    auditor = head_of(cast, "client_auditor")
    person = f"/admin/people/subject/{cast.subject_id('danish')}"
    for url in ("/admin/people/subject/add/", "/admin/accounts/apikey/add/", f"{person}/moves-away/"):
        assert find_cause(auditor, url) == [ROLE], url


def test_what_the_database_refuses_is_the_limit(cast):
    school = make_school(cast, "north")
    request: Any = RequestFactory().get("/admin/")
    request.actor = user_actor(cast.user_id("farah"), "client_admin", cast.client_id("indus"), schools=[school])
    with in_client(cast.client_id("indus"), schools=frozenset([school])):
        with pytest.raises(ProgrammingError) as error, transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("UPDATE accounts_client SET name = 'x'")
        with pytest.raises(PermissionDenied) as refused:
            RequestContextMiddleware(lambda _: HttpResponse()).process_exception(request, error.value)
        assert LIMIT in permission_denied(request, refused.value).content.decode()
        assert ROLE in permission_denied(request, PermissionDenied()).content.decode()


def keys(rows):
    return set(rows.order_by().values_list("pk", flat=True))


def test_every_list_shows_the_rows_that_the_policies_show(cast_of_rows):
    cast, looked_at, shown = cast_of_rows, list[tuple[str, str]](), 0
    some = make_school(cast, "north", *(cast.subject_id(name) for name in ("danish", "junaid")))
    for school in (some, make_school(cast, "all", *everyone(cast))):
        with in_client(cast.client_id("indus"), schools=frozenset([school])):
            for model in MODELS:
                rows = admin_of(model).model._default_manager.all()
                by_policy, by_list = keys(rows), keys(begin_with_people(rows))
                shown += len(by_policy)
                looked_at.append((model, "" if by_policy == by_list else f"{len(by_list)} of {len(by_policy)}"))
    refuse_any(looked_at)
    assert shown > 200
