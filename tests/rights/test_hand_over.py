"""A request that belongs to a client is handed over to it: one clock, one number, and each client sees its own only."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from paktaleem.foundation.accounts.actors import NotAllowed
from paktaleem.foundation.accounts.acts import Refused
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.encryption.sealing import CannotOpen
from paktaleem.foundation.tenancy.context import as_officer, in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM, new_id
from rights.desk.selectors import list_other_sides
from rights.desk.services import hand_over_request
from rights.requests.models import RequestPause, RequestStep, RightsRequest
from rights.requests.sealing import open_text
from rights.requests.selectors import get_figures, list_requests
from rights.requests.services.clock import carry_out_due_steps, extend_request, pause_request, resume_request
from rights.requests.services.decisions import AlreadyDecided, add_note, read_notes
from rights.requests.services.steps import RequestEnded, list_parts
from tests.console.pages import list_url, row_url
from tests.factories import SETTING_UP
from tests.rights.cases import AT, DAY, decided, received

MODEL = "requests/rightsrequest"


def unmatched(cast, **given):
    with in_client(PAKTALEEM):
        told = {"channel": "form", "details": "My school has my old name", "contact": "hamza.lodhi@students.example"}
        return received(cast, "access", "rectification", subject=None, client="paktaleem", **{**told, **given})


def handed_over(cast, request, to="indus", by="amina"):
    with as_officer():
        return hand_over_request(request, client=cast.client(to), actor=cast.actor(by), at=AT + 2 * DAY)


def test_a_request_goes_on_at_the_client_with_its_number_clock_and_text(cast):
    old = unmatched(cast)
    with in_client(PAKTALEEM):
        pause_request(old, cause="clarification", actor=cast.actor("amina"), at=AT)
        resume_request(old, actor=cast.actor("amina"), at=AT + DAY)
        add_note(old, text="Seems to be a pupil of Indus", actor=cast.actor("amina"), at=AT + DAY)
    made = handed_over(cast, old)
    with in_client(cast.client_id("indus")):
        made.refresh_from_db()
        assert (made.number, made.received_at, made.due_at, made.channel) == (old.number, AT, AT + 30 * DAY, "form")
        assert made.expected_by == AT + 31 * DAY, "the pause counts as before"
        assert {part.kind for part in list_parts(made)} == {"access", "rectification"}
        assert open_text(made, row=made, field="details") == "My school has my old name"
        assert open_text(made, row=made, field="contact") == "hamza.lodhi@students.example"
        assert (made.state, made.subject_id, RequestPause.objects.count()) == ("triage", None, 1)
        steps = carry_out_due_steps(made.client_id, actor=SETTING_UP, at=AT + 24 * DAY)
        kinds = RequestStep.objects.filter(request=made).order_by("pk").values_list("kind", flat=True)
        assert (steps, [*kinds][-2:]) == (2, ["escalated", "reminded"]), "seven days before"
    with in_client(PAKTALEEM):
        old.refresh_from_db()
        assert (old.state, old.closed_at) == ("handed_over", AT + 2 * DAY)
        assert (old.details, old.contact) == (None, None), "the text lies with the client only"
        assert read_notes(old, actor=cast.actor("amina"))[0][2] == "Seems to be a pupil of Indus"
        entry = Entry.objects.get(kind="rights_request.handed_over")
        assert (entry.actor_id, old.number in entry.body) == (cast.user_id("amina"), True)
    with pytest.raises(RequestEnded):
        handed_over(cast, old)


def test_the_new_request_is_sealed_under_a_key_of_its_own(cast):
    old = unmatched(cast)
    made = handed_over(cast, old)
    with in_client(PAKTALEEM):
        foreign = RightsRequest.objects.get(pk=old.pk)
    with in_client(cast.client_id("indus")):
        made.refresh_from_db()
        made.wrapped, made.epoch = foreign.wrapped, foreign.epoch
        with pytest.raises(CannotOpen):
            open_text(made, row=made, field="details")


def test_officers_see_both_sides_and_the_client_its_own_only(cast, sign_in):
    old = unmatched(cast)
    made = handed_over(cast, old)
    with as_officer():
        [later] = list_other_sides(old, actor=cast.actor("amina"))
        [earlier] = list_other_sides(made, actor=cast.actor("amina"))
    assert (later.pk, later.client.name, later.state) == (made.pk, "Indus Schools Network", "triage")
    assert (earlier.pk, earlier.number, earlier.state) == (old.pk, old.number, "handed_over")
    with in_client(cast.client_id("indus")):
        farah = cast.actor("farah")
        assert list(list_requests(farah)) == [made]
        assert list_other_sides(made, actor=farah) == []
    with in_client(cast.client_id("khyber")):
        assert not list_requests(cast.actor("celia")).exists()
    assert sign_in("amina").get(row_url(MODEL, made.pk)).content.decode().count(str(old.pk)) == 1
    page = sign_in("farah").get(row_url(MODEL, made.pk))
    assert (page.status_code, str(old.pk) in page.content.decode()) == (200, False)
    assert sign_in("farah").get(row_url(MODEL, old.pk)).status_code == 404
    assert sign_in("celia").get(row_url(MODEL, made.pk)).status_code == 404


def test_only_an_officer_hands_over_and_only_what_has_no_person_decision_or_notice(cast):
    for name in ("farah", "sana", "bilal"):
        with pytest.raises(NotAllowed):
            handed_over(cast, unmatched(cast), by=name)
    with pytest.raises(ValidationError, match="already at this client"):
        handed_over(cast, unmatched(cast), to="paktaleem")
    with in_client(cast.client_id("khyber")):
        assigned = received(cast, "access", subject="kiran", client="khyber")
    with pytest.raises(Refused, match="assigned to a person"):
        handed_over(cast, assigned)
    extended = unmatched(cast)
    with in_client(PAKTALEEM):
        extend_request(extended, days=5, text="We look for it", actor=cast.actor("amina"), at=AT)
        complaint = received(cast, "complaint", subject=None, client="paktaleem")
        decided(cast, complaint)
    with pytest.raises(ValidationError, match="extended"):
        handed_over(cast, extended)
    with pytest.raises(AlreadyDecided):
        handed_over(cast, complaint)


def test_figures_count_a_request_that_was_handed_over_once_at_the_client_where_it_goes_on(cast):
    made = handed_over(cast, unmatched(cast))
    with as_officer():
        found = get_figures(cast.actor("amina"), since=AT - DAY)
    assert {(one.client_id, one.received) for one in found} == {(made.client_id, 1)}
    assert [one.kind for one in found] == ["access", "rectification"]


def test_a_request_that_was_handed_to_the_wrong_client_comes_back(cast):
    first = handed_over(cast, unmatched(cast), to="indus")
    back = handed_over(cast, handed_over(cast, first, to="khyber"), to="indus")
    with in_client(cast.client_id("indus")):
        assert (back.number, back.pk == first.pk, back.is_open) == (first.number, False, True)
        assert open_text(back, row=back, field="details") == "My school has my old name"
        back.pk = new_id()
        with pytest.raises(IntegrityError, match="rights_number_once"), transaction.atomic():
            back.save(force_insert=True)


def test_an_officer_hands_a_request_over_in_the_console(cast, sign_in):
    old, amina = unmatched(cast), sign_in("amina")
    url = row_url(MODEL, old.pk, "hand-over")
    with as_officer():
        offered = list(Client.objects.exclude(pk=PAKTALEEM).values_list("pk", flat=True))
    page = amina.get(url).content.decode()
    assert all(str(key) in page for key in offered)
    assert amina.post(url, {"client": ""}).status_code == 200
    answer = amina.post(url, {"client": str(cast.client_id("indus"))})
    assert answer.status_code == 302
    with in_client(cast.client_id("indus")):
        made = RightsRequest.objects.get()
        assert answer["Location"].endswith(f"{made.pk}/change/")
    queue = amina.get(f"{list_url(MODEL)}?progress=all").content.decode()
    assert queue.count(old.number) == 2
