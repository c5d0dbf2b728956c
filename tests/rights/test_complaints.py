"""Cases of supervisory authorities: a task for the deadline, a hold, the outcome, and closing."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from paktaleem.foundation.accounts.actors import system_actor
from paktaleem.foundation.accounts.acts import Refused
from rights.desk.cases import end_case, open_case
from rights.desk.models import AuthorityCase, RequestTask
from rights.desk.selectors import read_texts
from rights.desk.services import add_task
from rights.requests.models import RightsRequest
from rights.requests.selectors import list_authorities
from rights.requests.services.clock import purge_old_requests
from rights.requests.services.closing import answer_request, close_request, link_duplicate
from rights.requests.services.decisions import add_note
from rights.requests.services.steps import RequestEnded
from tests.console.pages import list_url, row_url
from tests.rights.cases import AT, DAY, absent, decided, in_indus, naming, received, refused_to, withdraw

TODAY = AT.date()
CASE, REQUEST = "desk/authoritycase", "requests/rightsrequest"
EUROPEAN = "ATBEBGCYCZDEDKEEESFIFRGRHRHUIEITLTLULVMTNLPLPTROSESISKISLINO"


def opened(cast, request=None, **given):
    told: dict[str, Any] = {"authority": "High Court", "reference": "RFA/17", "opened_on": TODAY}
    told |= {"actor": cast.actor("farah"), "at": AT, **given}
    return open_case(request or received(cast, "complaint"), **told)


def by(cast, at=AT):
    return {"actor": cast.actor("farah"), "at": at}


def test_a_case_is_sealed_with_its_request_and_its_deadline_is_a_task(cast, indus):
    request = received(cast, "complaint")
    case = opened(cast, request, due_on=TODAY + 5 * DAY)
    assert "RFA/17" not in str(AuthorityCase.objects.values())
    assert ("High Court · Reference number of the authority", "RFA/17") in read_texts(request)
    task = RequestTask.objects.get(kind="authority")
    assert (task.due_on, task.request_id, task.is_done) == (TODAY + 5 * DAY, case.request_id, False)
    refused_to(cast, "sana bilal celia", opened, cast, request)


@pytest.mark.parametrize(
    ("given", "field"), [({"opened_on": TODAY + 2 * DAY}, "opened_on"), ({"due_on": TODAY - DAY}, "due_on")]
)
def test_a_wrong_case_names_its_field(cast, indus, given, field):
    with naming(field):
        opened(cast, **given)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({}, "measures"),
        ({"measures": "x" * 8001}, "measures"),
        ({"measures": "x", "ended_on": TODAY + 2 * DAY}, "ended_on"),
        ({"measures": "x", "ended_on": TODAY - DAY}, "ended_on"),
    ],
)
def test_a_wrong_outcome_names_its_field(cast, indus, given, field):
    upheld = {"outcome": "upheld", "ended_on": TODAY, **given}
    with naming(field):
        end_case(opened(cast), **upheld, **by(cast))


def test_the_request_is_closed_only_with_the_outcome(cast, indus):
    request = received(cast, "complaint")
    case, amina = opened(cast, request, due_on=TODAY + 9 * DAY), cast.actor("amina")
    decided(cast, request, "granted")
    answer_request(request, text="You are right.", actor=amina, at=AT)
    with pytest.raises(Refused, match="A supervisory authority’s case about this"):
        close_request(request, actor=amina, at=AT)
    end_case(case, outcome="upheld", ended_on=TODAY, measures="Staff are trained.", **by(cast))
    assert RequestTask.objects.get(kind="authority").done_at == AT
    assert "Staff are trained." in [text for _, text in read_texts(request)]
    with pytest.raises(Refused, match="This case has an outcome already"):
        end_case(case, outcome="settled", ended_on=TODAY, **by(cast))
    assert close_request(request, actor=amina, at=AT).state == "closed"


def test_the_directory_names_authorities_and_says_where_there_is_none():
    authorities = list_authorities(AT)
    for code, authority in authorities.items():
        assert len(code) == 2
        assert authority.name.strip() == authority.name != ""
        assert not authority.url or authority.url.startswith("https://")
    assert "PK" not in authorities
    assert set(re.findall("..", EUROPEAN)) <= set(authorities)


def test_the_desk_records_a_case_from_a_complaint_to_its_outcome(sign_in, cast):
    now = timezone.now()
    request = received(cast, "complaint", at=now)
    farah, today = sign_in("farah"), now.date().isoformat()
    url, near = row_url(REQUEST, request.pk, "authority-case"), (now + timedelta(days=2)).date().isoformat()
    for wrong in ({"country": "", "authority": ""}, {"country": "GB", "authority": "High Court"}):
        page = farah.post(url, {**wrong, "opened_on": today}).content.decode()
        assert "Choose an authority, or name another one." in page
    begin = {"country": "GB", "reference": "RFA/17", "opened_on": today, "due_on": near}
    assert farah.post(url, begin).status_code == 302
    case = in_indus(cast, AuthorityCase.objects.get)
    assert "Information Commissioner" in farah.get(row_url(REQUEST, request.pk)).content.decode()
    assert "Information Commissioner" in farah.get(list_url(CASE)).content.decode()
    assert "Deadlines of authorities" in farah.get("/admin/").content.decode()
    tasks = farah.get("/admin/desk/requesttask/?progress=authorities").content.decode()
    assert absent(tasks, "Answer the supervisory authority", near) == []
    assert "RFA/17" not in farah.get(row_url(CASE, case.pk)).content.decode()
    assert "RFA/17" in farah.post(row_url(REQUEST, request.pk, "read"), {"reason": "review"}).content.decode()
    end = row_url(CASE, case.pk, "end")
    assert farah.post(end, {"outcome": "upheld", "ended_on": today}).status_code == 200, "measures are missing"
    assert farah.post(end, {"outcome": "rejected", "ended_on": today}).status_code == 302
    assert "Deadlines of authorities" not in farah.get("/admin/").content.decode()
    assert "Rejected" in farah.get(row_url(CASE, case.pk)).content.decode()
    assert sign_in("celia").get(row_url(CASE, case.pk)).status_code == 404


def test_a_request_with_an_open_case_is_not_closed_as_a_duplicate(cast, indus):
    first, later = received(cast, "complaint"), received(cast, "complaint")
    opened(cast, later)
    with pytest.raises(Refused, match="A supervisory authority’s case about this"):
        link_duplicate(later, other=first, actor=cast.actor("amina"), at=AT)


def test_a_case_goes_on_after_the_person_has_withdrawn_the_request(cast, indus):
    request = received(cast, "complaint")
    case = opened(cast, request)
    withdraw(cast, request)
    later = by(cast, at=AT + 2 * DAY)
    add_note(request, text="Our statement to the court.", **later)
    task = add_task(request, kind="authority", due_on=TODAY + 9 * DAY, **later)
    end_case(case, outcome="upheld", ended_on=TODAY, measures="Staff are trained.", **later)
    for row in (request, task):
        row.refresh_from_db()
    assert (request.state, task.done_at) == ("withdrawn", later["at"])
    with pytest.raises(RequestEnded):
        add_task(request, kind="authority", due_on=TODAY + 9 * DAY, **later)


def test_an_authority_may_write_after_the_request_was_closed_but_not_about_a_duplicate(cast, indus):
    closed = answer_request(decided(cast, received(cast, "complaint")), text="No.", actor=cast.actor("amina"), at=AT)
    close_request(closed, actor=cast.actor("amina"), at=AT)
    assert opened(cast, closed).is_open
    first, later = received(cast, "complaint"), received(cast, "complaint")
    link_duplicate(later, other=first, actor=cast.actor("amina"), at=AT)
    duplicate = RightsRequest.objects.get(state="duplicate")
    with pytest.raises(RequestEnded):
        opened(cast, duplicate)


def test_texts_are_kept_as_long_as_an_authority_has_a_case(cast, indus):
    request, robot = received(cast, "complaint"), system_actor("rights.purge")
    case = opened(cast, request)
    withdraw(cast, request)
    after = AT + 2000 * DAY
    assert purge_old_requests(request.client_id, actor=robot, at=after) == 0
    end_case(case, outcome="rejected", ended_on=TODAY, **by(cast, at=after))
    assert purge_old_requests(request.client_id, actor=robot, at=after) == 1
