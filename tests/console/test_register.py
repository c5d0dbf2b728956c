"""The register is changed in the console through its services, and its codes are shown by their names."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone, translation

from consent.consents.services.restrictions import object_to_purpose, restrict_processing
from consent.notices.models import Notice, NoticeDraft, NoticeVersion
from consent.register.models.agreements import Instruction, ServiceAgreement
from consent.register.models.assessments import Assessment
from consent.register.models.purposes import BalancingTest, Purpose
from consent.register.risk import read_questionnaires
from consent.register.services import request_safeguard_change
from paktaleem.foundation.accounts.changes import ProposedChange, decide_proposed_change
from paktaleem.foundation.accounts.models import ApiKey, Membership
from paktaleem.foundation.accounts.selectors import find_key_actor
from paktaleem.foundation.accounts.services import issue_api_key
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.console.register_names import format_categories, format_category
from paktaleem.foundation.console.site import site
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from paktaleem.foundation.text.times import bare, format_date, format_time
from retention.schedule.models import RetentionRule
from tests.accounts.officers import second_officer
from tests.console.codes import codes_in
from tests.console.pages import list_url, row_url, typed
from tests.console.urdu import in_urdu
from tests.factories import make_staff
from tests.signing_in import browser_of

PURPOSE = {
    "code": "alumni_news",
    "name_en": "Alumni news",
    "name_ur": "خبریں",
    "description_en": "News for alumni.",
    "description_ur": "خبریں",
    "categories": ["contact_details"],
    "renew_days": "30",
    "is_active": "on",
    "reason": "client_instruction",
}


def purpose_of(cast, code, client="indus"):
    with in_client(cast.client_id(client)):
        found: Purpose | None = Purpose.objects.filter(code=code, client_id=cast.client_id(client)).first()
    return found


def test_a_client_administrator_adds_a_purpose_to_their_own_client_whatever_the_form_says(sign_in, cast):
    browser = sign_in("farah")
    response = browser.post("/admin/consent/purpose/add/", {**PURPOSE, "client": str(cast.client_id("khyber"))})
    assert response.status_code == 302
    added = purpose_of(cast, "alumni_news")
    assert added is not None
    assert added.categories == ["contact_details"]
    assert purpose_of(cast, "alumni_news", "khyber") is None
    history = browser.get(row_url("consent/purpose", added.pk, "history")).content.decode()
    assert "farah@indus.example, client administrator" in history
    assert "Instruction of the client" in history
    assert "Name and contact details" in history


def test_a_purpose_says_whether_it_only_serves_an_open_account(sign_in, cast):
    browser = sign_in("farah")
    form = browser.get("/admin/consent/purpose/add/?step=all").content.decode()
    assert re.search(r'<input[^>]*name="needs_account"[^>]*checked', form)
    for code, ticked in (("alumni_news", {}), ("class_news", {"needs_account": "on"})):
        assert browser.post("/admin/consent/purpose/add/", {**PURPOSE, "code": code, **ticked}).status_code == 302
        added = purpose_of(cast, code)
        assert added is not None
        assert added.needs_account == bool(ticked)


def test_an_officer_names_the_client(sign_in, cast):
    browser = sign_in("amina")
    assert "required" in browser.post("/admin/consent/purpose/add/", PURPOSE).content.decode()
    values = {**PURPOSE, "client": str(cast.client_id("khyber"))}
    assert browser.post("/admin/consent/purpose/add/", values).status_code == 302
    assert purpose_of(cast, "alumni_news", "khyber") is not None


def test_a_change_keeps_what_was_who_and_why(sign_in, cast):
    purpose = purpose_of(cast, "newsletter")
    assert purpose is not None
    browser = sign_in("amina")
    url = row_url("consent/purpose", purpose.pk)
    values = {**PURPOSE, "name_en": "The newsletter", "needs_account": "on", "reason": "correction"}
    assert "required" in browser.post(url, {**values, "reason": ""}).content.decode()
    assert browser.post(url, values).status_code == 302
    changed = purpose_of(cast, "newsletter")
    assert changed is not None
    assert (changed.name_en, changed.code) == ("The newsletter", "newsletter")
    history = browser.get(row_url("consent/purpose", purpose.pk, "history")).content.decode()
    assert "amina@paktaleem.example, privacy officer" in history
    assert "Correction of a mistake" in history
    assert "The newsletter" in history
    theirs = sign_in("farah").get(row_url("consent/purpose", purpose.pk, "history")).content.decode()
    assert "amina@" not in theirs
    assert "PakTaleem, privacy officer" in theirs


def test_a_code_twice_or_a_sale_comes_back_as_an_error(sign_in):
    browser = sign_in("farah")
    twice = browser.post("/admin/consent/purpose/add/", {**PURPOSE, "code": "newsletter"})
    sale = browser.post("/admin/consent/purpose/add/", {**PURPOSE, "code": "data_sale"})
    assert (twice.status_code, sale.status_code) == (200, 200)
    assert "errornote" in twice.content.decode()
    assert "never sells" in sale.content.decode()


def test_an_instruction_starts_now_never_earlier_and_is_ended(sign_in, cast):
    agreement = cast.get(ServiceAgreement)
    browser = sign_in("farah")
    values = {
        "agreement": str(agreement.pk),
        "document": "Letter 7",
        "purposes": ["support"],
        "categories": ["contact_details"],
        "reason": "client_instruction",
    }
    earlier = {**values, **typed("starts_at", timezone.now() - timedelta(days=2))}
    assert "must not be in the past" in browser.post("/admin/consent/instruction/add/", earlier).content.decode()
    assert browser.post("/admin/consent/instruction/add/", values).status_code == 302
    made = cast.get(Instruction, document="Letter 7")
    assert made.purposes == ["support"]
    assert browser.post(row_url("consent/instruction", made.pk, "end"), {"reason": "review"}).status_code == 302
    assert cast.get(Instruction, pk=made.pk).ends_at is not None


def test_an_agreement_of_another_client_cannot_be_chosen(sign_in, cast):
    foreign = cast.get(ServiceAgreement, "khyber")
    values = {"agreement": str(foreign.pk), "document": "x", "purposes": ["support"], "reason": "review"}
    response = sign_in("farah").post("/admin/consent/instruction/add/", values)
    assert response.status_code == 200
    response = sign_in("amina").post(
        "/admin/consent/instruction/add/", {**values, "client": str(cast.client_id("indus"))}
    )
    assert "Choose an entry of the same client" in response.content.decode()


def test_an_agreement_is_signed_by_both_sides(sign_in, cast):
    browser, farah = sign_in("amina"), sign_in("farah")
    values = {"client": str(cast.client_id("indus")), "reference": "IND-2", "reason": "agreement_change"}
    assert browser.post("/admin/consent/serviceagreement/add/", values).status_code == 302
    draft = cast.get(ServiceAgreement, reference="IND-2")
    assert draft.signed_at is None
    sign = row_url("consent/serviceagreement", draft.pk, "sign")
    given = {"ground": "A new contract.", "reason": "agreement_change"}
    assert "give the ground in words" in browser.post(sign, {"reason": "agreement_change"}).content.decode()
    assert browser.post(sign, given).status_code == 302
    assert "Your side has signed already" in browser.post(sign, {"reason": "agreement_change"}).content.decode()
    waiting = browser.get(row_url("consent/serviceagreement", draft.pk)).content.decode()
    assert '<span class="pill pill-warn">Waiting</span>' in waiting
    assert "A new contract." in farah.get(sign).content.decode()
    assert "Agreements to sign" in farah.get("/admin/").content.decode()
    assert cast.get(ServiceAgreement, pk=draft.pk).signed_at is None
    assert farah.post(sign, {"reason": "agreement_change"}).status_code == 302
    assert cast.get(ServiceAgreement, pk=draft.pk).signed_at is not None
    page = farah.get(row_url("consent/serviceagreement", draft.pk)).content.decode()
    assert "farah@indus.example" in page
    assert "amina@" not in page
    assert ("field-signed_at" in waiting, "field-signed_at" in page) == (False, True), "an empty row is left out"


def test_a_balancing_test_is_signed_once_and_then_fixed(sign_in, cast):
    purpose = purpose_of(cast, "newsletter")
    assert purpose is not None
    farah, amina = sign_in("farah"), sign_in("amina")
    values = {"purpose": str(purpose.pk), "interest": "a", "necessity": "b", "balance": "c", "reason": "review"}
    assert farah.post("/admin/consent/balancingtest/add/", values).status_code == 302
    test = cast.get(BalancingTest, purpose=purpose)
    sign = row_url("consent/balancingtest", test.pk, "sign")
    assert farah.post(sign, {"reason": "review"}).status_code == 403
    assert amina.post(sign, {"reason": "review"}).status_code == 302
    assert amina.post(row_url("consent/balancingtest", test.pk), values).status_code == 403
    assert "Signed" in amina.get(row_url("consent/balancingtest", test.pk)).content.decode()


def test_an_assessment_is_answered_by_one_person_and_approved_by_another(sign_in, cast):
    purpose, farah, amina = purpose_of(cast, "newsletter"), sign_in("farah"), sign_in("amina")
    url = row_url("consent/purpose", purpose.pk, "assess-impact")
    values = {question.code: "Well known." for question in read_questionnaires()["impact"].questions}
    next_year = f"{timezone.now() + timedelta(days=300):%Y-%m-%d}"
    values |= {"residual_risk": "high", "review_on": next_year, "reason": "review"}
    assert set(farah.post(url, values | {"views": ""}).context["form"].errors) == {"views"}
    assert farah.post(url, values).status_code == 302
    assessment = cast.get(Assessment)
    page = row_url("consent/assessment", assessment.pk)
    assert "Well known." in farah.get(page).content.decode()
    assert "Well known." in farah.get(url).content.decode(), "a new assessment begins with the last answers"
    review, consult = (row_url("consent/assessment", assessment.pk, slug) for slug in ("review", "consult"))
    farah.post(review, {"reason": "review"})
    amina.post(consult, {"authority": "A", "reference": "7", "reason": "review"})
    assert "Awaits approval" in farah.get(page).content.decode()
    assert amina.post(review, {"reason": "review"}).status_code == 302
    assert "Authority to consult" in farah.get(page).content.decode()
    assert amina.post(consult, {"authority": "A", "reference": "7", "reason": "review"}).status_code == 302
    assert "In force from" in farah.get(page).content.decode()


def test_a_notice_version_is_published_and_never_changed(sign_in, cast):
    notice = cast.get(Notice, purposes__contains=["newsletter"], client_id=cast.client_id("indus"))
    browser = sign_in("farah")
    values = {
        "notice": str(notice.pk),
        "is_material": "on",
        "text_en": "New words",
        "text_ur": "نئے الفاظ",
        "reason": "law_change",
    }
    assert browser.post("/admin/consent/noticedraft/add/", values).status_code == 302
    draft = cast.get(NoticeDraft, notice=notice)
    page = browser.get(row_url("consent/noticedraft", draft.pk, "announce")).content.decode()
    assert "Consents to be given again" in page
    assert (
        browser.post(row_url("consent/noticedraft", draft.pk, "announce"), {"reason": "law_change"}).status_code == 302
    )
    with in_client(cast.client_id("indus")):
        version = NoticeVersion.objects.filter(notice=notice).order_by("-number")[0]
    assert (version.number, version.text_en) == (2, "New words")
    assert browser.post(row_url("consent/noticeversion", version.pk), values).status_code == 403


def test_a_notice_leads_to_the_draft_of_its_next_version(sign_in, cast):
    browser, add = sign_in("farah"), "/admin/consent/noticedraft/add/"
    with in_client(cast.client_id("indus")):
        own = Notice.objects.get(purposes__contains=["newsletter"], client_id=cast.client_id("indus"))
        shared = Notice.objects.filter(client_id=PAKTALEEM)[0]
    assert f'href="{add}?notice={own.pk}"' in browser.get(row_url("consent/notice", own.pk)).text
    assert add not in browser.get(row_url("consent/notice", shared.pk)).text
    page = browser.get(f"{add}?notice={own.pk}").text
    assert f'<option value="{own.pk}" selected>' in page
    assert str(shared.pk) not in page
    values = {"text_en": "New words", "text_ur": "نئے الفاظ", "reason": "law_change"}
    refused = browser.post(add, {"notice": str(shared.pk), **values})
    assert refused.status_code == 200
    assert "Select a valid choice" in refused.text
    assert "UUID(" not in refused.text
    draft = browser.post(add, {"notice": str(own.pk), **values})["Location"]
    assert f'href="{draft}"' in browser.get(row_url("consent/notice", own.pk)).text
    assert str(own.pk) not in browser.get(add).text


@pytest.mark.parametrize("owner", ["khyber", None])
def test_an_officers_draft_belongs_to_the_client_of_its_notice(sign_in, cast, owner):
    client_id = cast.client_id(owner) if owner else PAKTALEEM
    with in_client(client_id):
        notice = Notice.objects.filter(client_id=client_id, is_by_portal=False)[0]
    values = {"notice": str(notice.pk), "text_en": "New", "text_ur": "نئے الفاظ", "reason": "law_change"}
    assert sign_in("amina").post("/admin/consent/noticedraft/add/", values).status_code == 302
    with in_client(client_id):
        assert NoticeDraft.objects.get(notice=notice).client_id == client_id


def test_a_key_is_shown_once_works_and_is_revoked(sign_in, cast):
    browser = sign_in("farah")
    values = {
        "name": "Billing",
        "scopes": ["decisions:ask"],
        **typed("expires_at", timezone.now() + timedelta(days=9)),
        "reason": "onboarding",
    }
    response = browser.post("/admin/accounts/apikey/add/", values)
    secret = response.content.decode().split('<code id="secret">')[1].split("</code>")[0]
    key = cast.get(ApiKey, name="Billing")
    assert find_key_actor(secret, at=timezone.now()) is not None
    for page in ("change", "history"):
        assert secret not in browser.get(row_url("accounts/apikey", key.pk, page)).content.decode()
    assert secret not in str(dict(browser.session))
    assert browser.post(row_url("accounts/apikey", key.pk, "revoke"), {"reason": "incident"}).status_code == 302
    assert find_key_actor(secret, at=timezone.now()) is None
    history = browser.get(row_url("accounts/apikey", key.pk, "history")).content.decode()
    assert "Security or privacy incident" in history
    again = browser.post(row_url("accounts/apikey", key.pk, "revoke"), {"reason": "incident"}, follow=True)
    assert "The key is already revoked." in again.content.decode()


def test_a_key_is_issued_with_the_expiry_the_form_offers(sign_in, cast):
    offered = timezone.now() + timedelta(days=365)
    values = {"name": "Desk", "scopes": ["decisions:ask"], **typed("expires_at", offered), "reason": "onboarding"}
    assert "ptk_" in sign_in("farah").post("/admin/accounts/apikey/add/", values).content.decode()


def test_a_role_that_ends_opens_nothing_on_the_next_request(sign_in, cast):
    amina, farah = sign_in("amina"), sign_in("farah")
    assert farah.get("/admin/").status_code == 200
    make_staff(cast.user("celia").email, ("client_admin", cast.client_id("indus")))  # the last one cannot be ended
    membership = cast.get(Membership, user_id=cast.user_id("farah"))
    assert amina.post(row_url("accounts/membership", membership.pk, "end"), {"reason": "review"}).status_code == 302
    assert farah.get("/admin/").status_code == 302
    assert farah.get("/admin/", follow=True).redirect_chain[-1][0].startswith("/admin/login/")
    assert "have no role" in sign_in("farah").get("/admin/", follow=True).content.decode()


def test_who_holds_several_roles_chooses_one_for_the_session(sign_in, cast):
    make_staff(cast.user("farah").email, ("client_admin", cast.client_id("khyber")))
    second = cast.get(Membership, "khyber", user_id=cast.user_id("farah"))
    farah = sign_in("farah")
    assert farah.get("/admin/").status_code == 302
    page = farah.get("/admin/", follow=True).content.decode()
    assert "Indus Schools Network" in page
    assert "Khyber Institute" in page
    assert farah.post("/admin/choose/", {"membership": "01900000-0000-7000-8000-0000000000aa"}).status_code == 200
    assert farah.get("/admin/").status_code == 302
    assert farah.post("/admin/choose/", {"membership": str(second.pk)}).status_code == 302
    people = farah.get(list_url("people/subject")).content.decode()
    assert "lms-kiran" in people
    assert "lms-danish" not in people


def test_the_ledger_shows_who_did_what(sign_in, cast):
    farah = sign_in("farah")
    farah.post("/admin/consent/purpose/add/", PURPOSE)
    with in_client(cast.client_id("indus")):
        entry = Entry.objects.filter(kind="register.added", actor_id=cast.user_id("farah")).get()
    page = farah.get(row_url("audit/entry", entry.pk)).content.decode()
    assert "farah@indus.example" in page
    assert "&quot;kind&quot;: &quot;register.added&quot;" in page
    assert farah.get(list_url("audit/entry")).status_code == 200


@pytest.mark.parametrize("name", ["amina", "farah"])
def test_ones_own_password_is_changed(name, sign_in, cast):
    browser, old = sign_in(name), cast.user(name).email
    new = "quite another phrase 77"
    values = {"old_password": old, "new_password1": new, "new_password2": new}
    assert browser.post("/admin/password_change/", values).status_code == 302
    assert cast.user(name).check_password(new)
    assert browser.get("/admin/password_change/done/").status_code == 200


def test_the_catalogue_is_paktaleems_to_change(sign_in, cast):
    with in_client(PAKTALEEM):
        shared = Purpose.objects.get(code="support")
    url, words = row_url("consent/purpose", shared.pk), {"name_en": "Support, better said", "ground": "Plainer words."}
    assert sign_in("amina").post(url, {**PURPOSE, **words, "reason": "review"}).status_code == 302
    gul = second_officer()
    with in_client(PAKTALEEM):
        decide_proposed_change(ProposedChange.objects.get(), approve=True, actor=gul, at=timezone.now())
    assert "Support, better said" in sign_in("farah").get(list_url("consent/purpose")).content.decode()


USE = "Use of the platform and activity logs"
AT = datetime(2026, 3, 14, 9, 30, tzinfo=UTC)


def test_categories_have_names_in_lists_forms_and_titles(cast):
    browser = browser_of(cast.user("farah"))
    page = browser.get("/admin/consent/purpose/").content.decode()
    assert USE in page
    assert codes_in(page) == []
    assert f"{USE} (usage_logs)" not in browser.get("/admin/consent/purpose/add/?step=all").content.decode()
    rule = RetentionRule(category="usage_logs", period="P1Y", client_id=cast.client_id("indus"))
    with in_client(cast.client_id("indus")):
        rule.purpose = Purpose.objects.get(code="newsletter")
        assert site.describe_row(rule).startswith(f"{USE} · ")


def test_a_key_with_lower_case_letters_only_is_no_code():
    assert codes_in("<td>ptk_87433d6e</td><td>usage_logs</td>") == ["usage_logs"]


def test_names_are_in_the_language_of_the_page_with_its_comma(cast):
    indus = cast.client_id("indus")
    with in_client(indus):
        english = format_categories(["usage_logs", "contact_details"], indus)
        with translation.override("ur"):
            urdu = format_categories(["usage_logs", "contact_details"], indus)
        assert format_category("of_no_register", indus) == "of_no_register"
    assert english == f"{USE}, Name and contact details"
    assert urdu == "پلیٹ فارم کا استعمال اور سرگرمی کا ریکارڈ، نام اور رابطے کی معلومات"
    assert urdu.split("، ")[0] in in_urdu(cast, "farah").get("/admin/consent/purpose/").content.decode()


def test_a_date_in_an_urdu_sentence_is_isolated_and_in_english_it_is_plain():
    assert (format_date(AT), format_time(AT)) == ("2026-03-14", "2026-03-14 09:30")
    with translation.override("ur"):
        assert format_date(AT) == "\u20662026-03-14\u2069"
        assert bare(format_time(AT)) == "2026-03-14 09:30"


def test_restrictions_and_objections_are_listed_by_the_name_of_the_purpose(sign_in, cast):
    with in_client(cast.client_id("indus")):
        hamza, amina, at = cast.subject("hamza"), cast.actor("amina"), timezone.now()
        told: dict[str, Any] = {"actor": amina, "reason": Reason.SUBJECT_REQUEST, "at": at}
        own = restrict_processing(hamza, purpose_code="product_research", **told)
        shared = object_to_purpose(hamza, purpose_code="platform_improvement", **told)
        restrict_processing(hamza, **told)
        own_name = Purpose.objects.get(client_id=cast.client_id("indus"), code="product_research").name_en
    for name in ("amina", "farah"):
        browser = sign_in(name)
        restrictions = browser.get(list_url("consent/restriction")).content.decode()
        assert f">{own_name}<" in restrictions
        assert "Every purpose" in restrictions
        assert own_name in browser.get(row_url("consent/restriction", own.pk)).content.decode()
        objections = browser.get(list_url("consent/objection")).content.decode()
        assert "platform_improvement" not in objections
        named = cast.get(Purpose, code="platform_improvement").name_en
        assert named in objections
        assert named in browser.get(row_url("consent/objection", shared.pk)).content.decode()


def test_a_change_of_a_safeguard_says_who_requested_it(sign_in, cast):
    changes = []
    with in_client(cast.client_id("indus")):
        for code, who in (("product_research", "farah"), ("newsletter", "amina")):
            purpose = Purpose.objects.get(code=code, client_id=cast.client_id("indus"))
            purpose.needs_account = False
            told: dict[str, Any] = {"ground": "For alumni.", "actor": cast.actor(who), "at": timezone.now()}
            changes.append(request_safeguard_change(purpose, **told))
    for viewer, names in (("amina", ("farah", "amina")), ("farah", ("farah", ""))):
        browser = sign_in(viewer)
        for change, name in zip(changes, names, strict=True):
            page = browser.get(row_url("accounts/proposedchange", change.pk)).content.decode()
            shown = cast.user(name).email if name else "PakTaleem"
            assert shown in page.split("Requested by")[1][:300]
    assert cast.user("amina").email not in sign_in("farah").get(list_url("accounts/proposedchange")).content.decode()


# Rotation of an API key in the console: new key shown once; old key valid until a chosen day, or revoked.


DAY, KARACHI = timedelta(days=1), ZoneInfo("Asia/Karachi")


@pytest.fixture
def key(cast):
    now = timezone.now()
    with in_client(cast.client_id("indus")):
        return issue_api_key(
            cast.client_id("indus"),
            name="Grade book",
            scopes=["decisions:ask"],
            expires_at=now + 365 * DAY,
            actor=cast.actor("farah"),
            at=now,
        )


def rotate(browser, key, days=7, **changed):
    ends_on = (timezone.now() + days * DAY).astimezone(KARACHI).date()
    values = {"old_ends_on": f"{ends_on}", "reason": "key_rotation", **changed}
    return browser.post(row_url("accounts/apikey", key.pk, "rotate"), values)


def shown(response):
    assert response.status_code == 200, response
    return str(response.content.decode().split('<code id="secret">')[1].split("</code>")[0])


def row(cast, key):
    return cast.get(ApiKey, pk=key.pk)


@pytest.mark.parametrize("name", ["farah", "amina"])
def test_the_new_key_is_shown_once_and_both_open(sign_in, cast, key, name):
    old, old_secret = key
    browser = sign_in(name)
    secret = shown(rotate(browser, old))
    with in_client(cast.client_id("indus")):
        new = ApiKey.objects.exclude(pk=old.pk).get(name="Grade book")
    now = timezone.now()
    assert find_key_actor(secret, at=now) is not None
    assert find_key_actor(old_secret, at=now) is not None
    assert now + 7 * DAY - timedelta(hours=1) < row(cast, old).expires_at <= now + 8 * DAY
    for page in ("change", "history"):
        for one in (old, new):
            assert secret not in browser.get(row_url("accounts/apikey", one.pk, page)).content.decode()
    assert secret not in str(dict(browser.session))


def test_the_old_key_ends_with_the_chosen_day_of_the_client(sign_in, cast, key):
    rotate(sign_in("farah"), key[0], days=2)
    ends_at = row(cast, key[0]).expires_at
    assert f"{ends_at.astimezone(KARACHI):%H:%M:%S.%f}" == "00:00:00.000000"


@pytest.mark.parametrize("changed", [{"old_ends_on": "2020-01-01"}, {"old_ends_on": "2099-01-01"}, {"old_ends_on": ""},
                                     {"old_ends_on": "soon"}, {"reason": ""}, {"reason": "because"}])  # fmt: skip
def test_a_day_out_of_bounds_is_refused_and_nothing_issued(sign_in, cast, key, changed):
    page = rotate(sign_in("farah"), key[0], **changed).content.decode()
    assert "errorlist" in page
    assert 'id="secret"' not in page
    with in_client(cast.client_id("indus")):
        assert ApiKey.objects.filter(name="Grade book").count() == 1
