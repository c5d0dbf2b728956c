"""The search box, fields of forms, and the few steps in which purposes, notices and clients are added."""

import re
from html import unescape
from typing import Any

import pytest
from django import forms
from django.contrib.admin.widgets import AdminDateWidget, AdminSplitDateTime, AdminTimeWidget
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from consent.notices.models import Notice
from consent.register.admin.purposes import list_purpose_effects
from consent.register.models.agreements import Instruction
from consent.register.models.purposes import BalancingTest, LawfulBasis, Purpose
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.changes import ProposedChange, decide_proposed_change
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.console.forms import set_choices
from paktaleem.foundation.tenancy.context import as_officer, in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM, new_id
from rights.erasures.models import ErasureProposal
from rights.requests.models import RightsRequest
from tests.children.guardians import verified_guardian
from tests.console.pages import MODELS, admin_of, list_url, refused_by_policy, row_url
from tests.console.test_people import looks, searches
from tests.console.urdu import english_in, in_urdu
from tests.factories import SubjectFactory
from tests.signing_in import browser_of

SEARCH = "/admin/search/"
BY_ID = {"by": "lms_id"}
PURPOSE, NOTICE, CLIENT = "/admin/consent/purpose/add/", "/admin/consent/notice/add/", "/admin/accounts/client/add/"
KEPT = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')
WHAT_FOR = {
    "name_en": "News for alumni",
    "name_ur": "سابق طلبہ کی خبریں",
    "description_en": "News for former students.",
    "description_ur": "سابق طلبہ کے لیے خبریں۔",
    "code": "alumni_news",
}
DATA = {"categories": ["contact_details"], "needs_account": "on", "is_active": "on"}


def target(browser, text, **given):
    answer = browser.post(SEARCH, {"text": text, **given})
    return str(answer.headers.get("Location", ""))


def page_of(browser, text, **given):
    answer = browser.post(SEARCH, {"text": text, **given})
    assert answer.status_code == 200, answer.headers["Location"]
    page: str = answer.content.decode()
    assert refused_by_policy(page) == []
    return page


def test_an_id_a_number_or_a_code_leads_straight_to_its_row(rows, cast_of_rows):
    cast = cast_of_rows
    browsers = {name: browser_of(cast.user(name)) for name in ("amina", "farah", "sana", "celia")}
    with in_client(cast.client_id("indus")):
        numbers = {
            "requests/rightsrequest": RightsRequest.objects.get(pk=rows["requests/rightsrequest"]).number.lower(),
            "erasures/erasureproposal": ErasureProposal.objects.get(pk=rows["erasures/erasureproposal"]).number,
        }
    by_id = ("people/subject", "data_systems/order", "consent/consentevent", "audit/entry", "requests/rightsrequest")
    wanted = [(model, str(rows[model])) for model in by_id] + list(numbers.items())
    for model, text in wanted:
        url = row_url(model, rows[model])
        assert [target(browsers[name], text) for name in ("amina", "farah")] == [url, url], model
        assert target(browsers["celia"], text) == "", model
    assert target(browsers["sana"], str(rows["data_systems/order"])) == ""
    assert target(browsers["farah"], "lms-danish") == row_url("people/subject", cast.subject_id("danish"))
    assert target(browsers["amina"], "platform_improvement").startswith("/admin/consent/purpose/")
    assert target(browsers["amina"], "khyber") == row_url("accounts/client", cast.client_id("khyber"))
    assert target(browsers["farah"], "khyber") == ""


def test_several_hits_are_shown_by_kind_a_few_of_each(sign_in, cast):
    with in_client(cast.client_id("indus")):
        indus = Client.objects.get(pk=cast.client_id("indus"))
        for number in range(8):
            SubjectFactory(client=indus, external_id=f"pupil-{number}")
    page = page_of(sign_in("farah"), "pupil")
    assert "<h2>People by LMS id</h2>" in page
    assert [f"pupil-{number}" in page for number in range(8)] == [True] * 5 + [False] * 3
    assert target(sign_in("farah"), "pupil-7").startswith("/admin/people/subject/")
    assert "pupil-" not in page_of(sign_in("celia"), "pupil")


def test_people_are_searched_by_name_with_a_reason_and_recorded(sign_in, cast):
    farah, esra = sign_in("farah"), row_url("people/subject", cast.subject_id("esra"))
    page = page_of(farah, "Esra Qureshi")
    assert "fill in the form below" in page
    assert searches(cast) == [(cast.user_id("farah"), BY_ID)]
    assert looks(cast) == []
    assert target(farah, "Esra Qureshi", reason="support_case") == esra
    by_name = {"by": "name_or_contact", "reason": "support_case", "found": 1}
    assert [facts for _, facts in searches(cast)] == [BY_ID, BY_ID, by_name]
    assert looks(cast) == [(cast.user_id("farah"), "support_case", "search", cast.subject_id("esra"))]
    assert target(farah, "esra.qureshi@mail.example") == esra  # the reason is requested once per session
    assert "Nothing has this id" in page_of(farah, "Quaintrelle")
    assert [facts.get("found") for _, facts in searches(cast)][-3:] == [1, None, 0]
    celia = sign_in("celia")
    assert "Nothing has this id" in page_of(celia, "Esra Qureshi", reason="support_case")
    assert target(celia, "lms-esra") == ""


def test_an_officer_searches_people_by_name_in_one_client(sign_in, cast):
    amina, indus = sign_in("amina"), str(cast.client_id("indus"))
    assert "fill in the form below" in page_of(amina, "Esra Qureshi", reason="incident")
    assert looks(cast) == []
    found = target(amina, "Esra Qureshi", reason="incident", client=indus)
    assert found == row_url("people/subject", cast.subject_id("esra"))
    assert [facts.get("reason") for _, facts in searches(cast)] == ["incident"]
    with in_client(PAKTALEEM):
        assert len(searches(cast, "paktaleem")) == 2
    assert searches(cast, "khyber") == []


@pytest.mark.parametrize("name", ["amina", "farah", "bilal"])
def test_the_box_is_on_every_page_and_takes_a_fixed_number_of_queries(name, sign_in, cast, time_machine):
    time_machine.move_to(timezone.now(), tick=False)
    browser = sign_in(name)
    for url in ("/admin/", list_url("people/subject"), row_url("people/subject", cast.subject_id("esra")), SEARCH):
        assert 'action="/admin/search/"' in browser.get(url).content.decode(), url
    counts = []
    for number in (1, 6):
        with in_client(cast.client_id("indus")):
            for _ in range(number):
                SubjectFactory(client=Client.objects.get(pk=cast.client_id("indus")), external_id=f"new-{new_id()}")
        with CaptureQueriesContext(connection) as taken:
            page_of(browser, "new-")
        counts.append(len(taken))
    assert counts[0] == counts[1] <= 35


def test_an_lms_id_in_another_case_and_a_name_in_another_spelling_are_found(cast):
    farah = browser_of(cast.user("farah"))
    for text in ("LMS-HAMZA", "lms-hamza", "Lms-Hamza"):
        assert target(farah, text) == row_url("people/subject", cast.subject_id("hamza")), text
    with in_client(cast.client_id("indus")):
        mixed = {key: SubjectFactory(client=cast.client("indus"), external_id=key).pk for key in ("Stu-7", "Stu-Ali")}
    for text, key in (("stu-7", "Stu-7"), ("STU-7", "Stu-7"), ("stu-ali", "Stu-Ali"), ("Stu-Ali", "Stu-Ali")):
        assert target(farah, text) == row_url("people/subject", mixed[key]), text
    names = {"lms-ali": "علي كريم", "lms-zahra": "زہرا"}  # typed on an Arabic keyboard, and an Urdu one
    with in_client(cast.client_id("indus")):
        made = {
            key: SubjectFactory(client=cast.client("indus"), external_id=key, full_name=name).pk
            for key, name in names.items()
        }
    for text, key in (
        ("علی کریم", "lms-ali"),
        ("عَلی کریم", "lms-ali"),
        (names["lms-ali"], "lms-ali"),
        ("زهرا", "lms-zahra"),
    ):
        assert target(farah, text, reason="support_case") == row_url("people/subject", made[key]), text


def post(browser, url, step, values):
    return browser.post(url, {"step": step, **values})


def kept_in(page):
    sent: dict[str, list[str]] = {}
    for name, value in KEPT.findall(page):
        sent.setdefault(name, []).append(value)
    return sent


def add(browser, url):
    page = browser.get(f"{url}?step=check").content.decode()
    return browser.post(url, {**kept_in(page), "reason": "client_instruction"})


def test_a_purpose_is_added_with_its_basis_in_steps_that_can_be_left(cast):
    farah = browser_of(cast.user("farah"))
    wrong = post(farah, PURPOSE, "purpose", {**WHAT_FOR, "name_en": ""})
    assert wrong.status_code == 200
    assert set(wrong.context["form"].errors) >= {"name_en"}
    assert farah.get(f"{PURPOSE}?step=check")["Location"].endswith("?step=purpose")
    assert post(farah, PURPOSE, "purpose", WHAT_FOR)["Location"].endswith("?step=data")
    again = farah.get(PURPOSE).content.decode()
    assert 'value="News for alumni"' in again
    post(farah, PURPOSE, "data", DATA)
    law: dict[str, Any] = {"basis": "legal_obligation", "basis_roles": ["student"], "renew_days": "30"}
    refused = post(farah, PURPOSE, "basis", law).context["form"].errors
    assert "legal_reference" in refused
    unlisted = {**law, "legal_reference": "Decree 7"}
    [words] = post(farah, PURPOSE, "basis", unlisted).context["form"].errors["legal_reference"]
    assert words.endswith("Listed: Education Act.")
    assert (
        "basis_roles"
        in post(farah, PURPOSE, "basis", {**law, "basis": "consent", "basis_roles": []}).context["form"].errors
    )
    consent = {**law, "basis": "consent"}
    assert post(farah, PURPOSE, "basis", consent)["Location"].endswith("?step=check")
    check = farah.get(f"{PURPOSE}?step=check").content.decode()
    assert "For Student: denied until the person, or a guardian for a child, has consented." in check
    assert "other clients do not" in check
    assert "Name and contact details" in check
    assert not cast.has(Purpose, code="alumni_news")
    assert add(farah, PURPOSE).status_code == 302
    with in_client(cast.client_id("indus")):
        purpose = Purpose.objects.get(code="alumni_news")
        assert [(one.role, one.basis) for one in LawfulBasis.objects.filter(purpose=purpose)] == [
            ("student", "consent")
        ]
    assert "News for alumni" not in farah.get(PURPOSE).content.decode(), "the draft is forgotten"


def test_a_purpose_without_a_basis_says_that_every_decision_is_a_denial(cast):
    farah = in_urdu(cast, "farah")
    for step, values in (("purpose", WHAT_FOR), ("data", DATA), ("basis", {"renew_days": "30"})):
        page = farah.get(f"{PURPOSE}?step={step}")
        assert english_in(page, PURPOSE) == []
        post(farah, PURPOSE, step, values)
    effects = farah.get(f"{PURPOSE}?step=check").context["effects"]
    assert len(effects) == 4
    assert english_in(farah.get(f"{PURPOSE}?step=check"), PURPOSE) == []
    assert in_urdu(cast, "bilal").get(PURPOSE).status_code == 403
    assert post(browser_of(cast.user("bilal")), PURPOSE, "purpose", WHAT_FOR).status_code == 403


def test_the_effect_of_a_shared_purpose_names_the_number_of_clients_without_paktaleem(cast):
    with as_officer():
        number = Client.objects.exclude(pk=PAKTALEEM).count()
        shared = Purpose(client_id=PAKTALEEM, code="shared_news", is_active=False)
        assert list_purpose_effects(shared)[0] == f"Shared: all {number} clients see it in their register."


ASSESSED = {
    "interest": "Stop accounts from being taken over.",
    "necessity": "Without sign-in times a takeover is not seen.",
    "balance": "Times of sign-ins say little about a child.",
    "safeguards": "",
}


def test_legitimate_interest_is_assessed_in_the_steps_and_denied_until_it_is_signed(cast):
    farah = browser_of(cast.user("farah"))
    law = {"basis": "legitimate_interest", "basis_roles": ["student", "learner"], "renew_days": "30"}
    for step, values in (("purpose", WHAT_FOR), ("data", DATA), ("basis", law)):
        assert post(farah, PURPOSE, step, values).status_code == 302
    assert english_in(in_urdu(cast, "farah").get(f"{PURPOSE}?step=assessment"), PURPOSE) == []
    missing = post(farah, PURPOSE, "assessment", {**ASSESSED, "necessity": ""})
    assert set(missing.context["form"].errors) == {"necessity", "reason"}
    post(farah, PURPOSE, "assessment", ASSESSED)
    check = farah.get(f"{PURPOSE}?step=check").content.decode()
    assert "denied until a privacy officer has signed the assessment" in check
    assert "Times of sign-ins say little about a child." in check
    page = farah.get(f"{PURPOSE}?step=check").content.decode()
    whole = {**kept_in(page), "reason": "client_instruction"}
    effect = farah.post(PURPOSE, whole).content.decode()
    with in_client(cast.client_id("indus")):
        people = Subject.objects.filter(role__in=["student", "learner"], erased_at=None).count()
        assert f"Consent does not decide. People: <strong>{people}</strong>" in effect
        assert not Purpose.objects.filter(code="alumni_news").exists()
    assert farah.post(PURPOSE, {**whole, "ground": "Accounts were taken over."}).status_code == 302
    with in_client(cast.client_id("indus")):
        assert not LawfulBasis.objects.filter(purpose__code="alumni_news").exists()
        for change in ProposedChange.objects.all():
            at = change.requested_at
            decide_proposed_change(change, approve=True, actor=cast.actor("amina"), at=at)
        test = BalancingTest.objects.get(purpose__code="alumni_news")
        bases = {
            one.role: (one.basis, one.balancing_test_id) for one in LawfulBasis.objects.filter(purpose=test.purpose)
        }
    assert bases == dict.fromkeys(("student", "learner"), ("legitimate_interest", test.pk))
    assert (test.interest, test.signed_at) == (ASSESSED["interest"], None)


def test_an_assessment_is_left_out_with_another_basis_and_refused_on_the_whole_form(cast):
    farah = browser_of(cast.user("farah"))
    interest = {"basis": "legitimate_interest", "basis_roles": ["student"], "renew_days": "30"}
    contract = {**interest, "basis": "contract"}
    for step, values in (("purpose", WHAT_FOR), ("data", DATA), ("basis", interest)):
        post(farah, PURPOSE, step, values)
    assert post(farah, PURPOSE, "assessment", ASSESSED)["Location"].endswith("?step=check")
    assert post(farah, PURPOSE, "basis", contract)["Location"].endswith("?step=check")
    page = farah.get(f"{PURPOSE}?step=check").content.decode()
    assert "denied until a second person has approved the basis" in page
    assert "taken over" not in page
    whole = {**WHAT_FOR, **DATA, **contract, **ASSESSED, "reason": "client_instruction"}
    refused = farah.post(PURPOSE, whole).context["adminform"].form.errors
    assert refused["interest"] == ["The assessment is for legitimate interest only. Leave it empty."]


def test_a_notice_and_a_client_show_their_effect_before_they_are_added(cast):
    amina = browser_of(cast.user("amina"))
    indus = str(cast.client_id("indus"))
    post(amina, NOTICE, "about", {"client": indus, "purposes": ["newsletter"]})
    post(amina, NOTICE, "title", {"title_en": "News", "title_ur": "خبریں", "code": "more_news"})
    effects = amina.get(f"{NOTICE}?step=check").context["effects"]
    assert any("informs about one of these purposes already" in one for one in effects)
    assert add(amina, NOTICE).status_code == 302
    assert cast.get(Notice, code="more_news").purposes == ["newsletter"]
    home = {"name": "Sindh College", "code": "sindh", "country": "PK", "time_zone": "Asia/Karachi"}
    post(amina, CLIENT, "institution", home)
    post(amina, CLIENT, "children", {"serves_minors": "on", "age_threshold": "14", "country_thresholds": "DE 16"})
    post(amina, CLIENT, "kind", {})
    page = amina.get(f"{CLIENT}?step=check")
    assert "A guardian decides for people below 14 years" in page.content.decode()
    assert add(amina, CLIENT).status_code == 302
    with as_officer():
        added = Client.objects.get(code="sindh")
    assert (added.serves_minors, added.country_thresholds, added.is_sandbox) == (True, {"DE": 16}, False)


def test_a_link_that_suggests_values_starts_anew_and_the_whole_form_stays(cast):
    farah = browser_of(cast.user("farah"))
    post(farah, NOTICE, "about", {"purposes": ["support"]})
    page = farah.get(f"{NOTICE}?purposes=newsletter").content.decode()
    assert re.search(r'value="newsletter"[^>]*checked', page)
    assert not re.search(r'value="support"[^>]*checked', page)
    whole = farah.get(f"{NOTICE}?step=all").content.decode()
    for name in ("purposes", "title_en", "code", "reason"):
        assert f'name="{name}"' in whole


def test_a_row_added_as_a_step_of_a_set_up_suggests_its_reason_and_leads_back(cast):
    farah, set_up = browser_of(cast.user("farah")), f"/admin/accounts/client/{cast.client_id('indus')}/set-up/"
    assert farah.get(set_up).status_code == 200
    url = f"{PURPOSE}?task=1&reason=onboarding"
    consent = {"basis": "consent", "basis_roles": ["student"], "renew_days": "30"}
    for step, values in (("purpose", WHAT_FOR), ("data", DATA), ("basis", consent)):
        assert "task=1" in post(farah, url, step, values)["Location"]
    page = farah.get(f"{url}&step=check").content.decode()
    assert '<option value="onboarding" selected>' in page
    [action] = re.findall(r'<form method="post" action="([^"]+)" novalidate>', page)
    assert farah.post(unescape(action), {**kept_in(page), "reason": "onboarding"})["Location"] == set_up


class Chosen(forms.Form):
    """A form with a code, a row and a text."""

    code = forms.ChoiceField()
    client = forms.ModelChoiceField(Client.objects.none())
    word = forms.CharField()


def test_codes_are_offered_with_their_words():
    form = Chosen({"code": "b"})
    set_choices(form, "code", ((code, code.upper()) for code in ("a", "b")))
    assert form["code"].subwidgets[1].data["label"] == "B"
    form.full_clean()
    assert "code" not in form.errors


def test_rows_are_offered(cast):
    with in_client(cast.client_id("indus")):
        client = cast.client("indus")
        form = Chosen({"client": str(client.pk)})
        set_choices(form, "client", Client.objects.filter(pk=client.pk))
        form.full_clean()
    assert form.cleaned_data["client"] == client


@pytest.mark.parametrize(
    ("name", "offered"),
    [
        ("word", [("a", "A")]),
        ("client", [("a", "A")]),
        ("code", Client.objects.none()),
        ("word", Client.objects.none()),
    ],
)
def test_a_field_offers_nothing_of_another_kind(name, offered):
    with pytest.raises(TypeError, match=name):
        set_choices(Chosen(), name, offered)


def test_every_act_says_what_it_does_before_it_is_done():
    acts = [(model, act) for model in MODELS for act in admin_of(model).all_acts()]
    silent = {f"{model}/{act.slug}" for model, act in acts if not act.lead}
    assert silent == {"people/subject/answer"}, "its page shows the notice and the form for the answer"
    assert all(admin_of(model).actions is None for model in MODELS), "acts on many rows have pages of their own"


@pytest.mark.parametrize("language", ["en", "ur"])
def test_dates_and_times_are_the_browsers_own_inputs_and_name_the_readers_zone(cast, language):
    amina = in_urdu(cast, "amina") if language == "ur" else browser_of(cast.user("amina"))
    page = amina.get("/admin/consent/instruction/add/").content.decode()
    assert re.search(r'<input type="date" name="starts_at_0"[^>]*>', page)
    assert re.search(r'<input type="time" name="starts_at_1"[^>]* step="1"[^>]*>', page)
    assert "Asia/Karachi" in page
    assert "DateTimeShortcuts" not in page, "Django’s note about the time zone is in English, beside our own"


def test_no_form_uses_djangos_pickers():
    fields = [field for one in _forms() for field in one.base_fields.values()]
    django_s = {type(field.widget).__name__ for field in fields if isinstance(field.widget, _PICKERS)}
    assert (len(fields) > 100, django_s) == (True, set())


_PICKERS = (AdminDateWidget, AdminTimeWidget, AdminSplitDateTime)


def _forms():
    found: list[Any] = []
    waiting: list[Any] = [forms.Form]
    while waiting:
        waiting += (children := waiting.pop().__subclasses__())
        found += [one for one in children if one.__module__.split(".")[0] not in {"django", "allauth", "tests"}]
    return found


def test_inputs_and_values_are_in_the_direction_of_their_own_text(cast):
    with in_client(cast.client_id("indus")):
        row = Instruction.objects.filter(client_id=cast.client_id("indus")).first()
    assert row is not None
    amina = in_urdu(cast, "amina")
    page = amina.get(f"/admin/consent/instruction/{row.pk}/change/").content.decode()
    assert re.search(r'<div class="readonly"><bdi>', page)
    add = amina.get("/admin/consent/purpose/add/?step=all").content.decode()
    assert re.search(r'<input type="text" name="name_en"[^>]* dir="auto"', add)
    assert re.search(r'<textarea name="description_en"[^>]* dir="auto"', add)
    assert not re.search(r'<(input|textarea)[^>]* dir="rtl"[^>]* dir=', add), "the fields in Urdu keep their own"


def test_a_form_with_several_errors_begins_with_links_to_their_fields(sign_in):
    browser = sign_in("bilal")
    assert 'role="alert"' not in browser.get("/admin/samples/").content.decode()
    page = browser.post("/admin/samples/", {"first": "nonsense"}).content.decode()
    summary = re.search(r'<div class="errornote" role="alert">.*?</div>', page, re.DOTALL)
    assert summary, page
    assert "Please correct the following:" in summary.group()
    links = re.findall(r'<a href="#([^"]+)">([^<]+)</a>', summary.group())
    assert len(links) == page.count('class="errorlist"') >= 3, links
    for target, label in links:
        assert page.count(f'id="{target}"') == 1, label
        assert page.index(summary.group()) < page.index(f'id="{target}"')


def test_the_title_of_a_guardians_pages_names_guardian_and_child(sign_in, cast):
    with in_client(cast.client_id("indus")):
        row = verified_guardian(cast.subject("danish"), cast.subject("esra"), at=timezone.now())
    amina, title = sign_in("amina"), f"{row.get_relationship_display()}: lms-esra, for lms-danish"
    assert f"<title>{title} |" in amina.get(row_url("guardians/guardianship", row.pk)).content.decode()
    assert f"<bdi>{title}</bdi>" in amina.get(row_url("guardians/guardianship", row.pk, "end")).content.decode()
