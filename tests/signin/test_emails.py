"""Emails about changed accounts and password links in the language of the owner; sign-in pages in Urdu."""

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import get_resolver
from django.utils import timezone
from django.utils.html import strip_tags
from procrastinate.contrib.django.models import ProcrastinateJob

from paktaleem.directory.mail.models import Letter
from paktaleem.directory.staff.sign_in.tasks import CHANGES, tell_owner
from paktaleem.directory.staff.sign_in.views import SEND_PASSWORD_LINK
from paktaleem.foundation.accounts.models import User
from paktaleem.foundation.accounts.staff_accounts import NOTIFY_OWNER, STAFF_LINK_LIFE
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import in_client, in_global
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from tests.accounts.officers import approve
from tests.console.pages import row_url
from tests.factories import CAST_AT
from tests.signin.visiting import ENROL, FACTORS, FORGOTTEN, SIGN_IN, STEP_UP, VERIFY, Visitor, letters
from tests.signing_in import browser_of

REMOVE, CODES, RENEW = "/accounts/2fa/totp/deactivate/", "/accounts/2fa/recovery-codes/", "generate/"
FRESH = "a-wholly-new-pass-phrase"
OWN = {"PakTaleem", "English", "API", "UTC", "Asia", "Karachi"}


def subjects() -> list[str]:
    return [str(one.subject) for one in letters()]


def recorded() -> list[str]:
    with in_client(PAKTALEEM):
        entries = Entry.objects.filter(kind__startswith="user.", recorded_at__gt=CAST_AT).order_by("id")
        return [entry.kind for entry in entries]


def jobs(task: str) -> list[Any]:
    with in_global():
        return [job.args for job in ProcrastinateJob.objects.filter(task_name=task).order_by("id")]


def test_each_change_of_the_second_factor_is_recorded_and_reported(amina, settings):
    amina.enter()
    amina.enrol()
    assert subjects() == ["An authenticator app was added to your account"]
    amina.browser.post(CODES + RENEW)
    settings.DEMAND_SECOND_FACTOR = False  # otherwise the last factor cannot be removed
    amina.browser.post(REMOVE)
    assert subjects()[1:] == [
        "New recovery codes were created for your account",
        "An authenticator app was removed from your account",
    ]
    assert recorded() == ["user.totp_added", "user.codes_renewed", "user.totp_removed"]
    assert {address for one in letters() for address in one.to} == {amina.email}


def test_a_refused_change_is_neither_recorded_nor_reported(enrolled_amina):
    enrolled_amina.enter()
    enrolled_amina.verify()
    enrolled_amina.browser.post(REMOVE)
    with in_global():
        assert Authenticator.objects.filter(type="totp").exists()
    assert (subjects(), recorded()) == ([], [])


def test_use_of_a_recovery_code_is_reported(amina):
    amina.enter()
    amina.enrol()
    [code, *_] = amina.browser.get(CODES).context["unused_codes"]
    other = Visitor(amina.email)
    other.enter()
    other.verify("00000000")
    assert subjects()[1:] == []
    other.verify(code)
    assert other.is_in
    assert subjects()[1:] == ["One of your recovery codes was used"]
    assert recorded()[-1] == "user.code_used"


def test_a_reset_by_an_officer_is_reported_to_the_accounts_owner(cast):
    officer, bilal = browser_of(cast.user("amina")), cast.user("bilal")
    page = f"/admin/accounts/user/{bilal.pk}"
    officer.post(f"{page}/second-factor/", {"reason": "review"})
    officer.post(f"{page}/password/", {"reason": "review"})
    assert subjects() == ["A privacy officer reset your second factor", "Set a new password"]
    assert {address for one in letters() for address in one.to} == {bilal.email}


def test_a_changed_password_is_recorded_and_reported(cast):
    browser = browser_of(cast.user("farah"))
    new = {"new_password1": FRESH, "new_password2": FRESH}
    browser.post("/admin/password_change/", {"old_password": "wrong", **new})
    assert (subjects(), recorded()) == ([], [])
    browser.post("/admin/password_change/", {"old_password": cast.user("farah").email, **new})
    assert subjects() == ["Your password was changed"]
    assert recorded() == ["user.password_changed"]


def test_a_password_set_by_an_email_link_is_recorded_and_reported(amina):
    amina.browser.post(FORGOTTEN, {"email": amina.email})
    [link] = letters()
    assert link.subject == "Set your password"
    found = re.search(r"https://testserver(\S+)", str(link.body))
    assert found
    page = amina.browser.get(found[1], follow=True)
    amina.browser.post(page.redirect_chain[-1][0], {"password1": FRESH, "password2": FRESH})
    assert subjects()[1:] == ["Your password was set with a link from an email"]
    assert recorded() == ["user.password_reset"]


def test_the_email_is_in_the_users_last_chosen_language(cast):
    farah = cast.user("farah")
    browser = Client()
    browser.get(f"{SIGN_IN}?lang=ur")
    browser.post(SIGN_IN, {"username": farah.email, "password": farah.email})
    assert cast.user("farah").language == "ur"
    Visitor(farah.email).enter()  # another browser, without a chosen language
    assert cast.user("farah").language == "ur"
    browser.get(ENROL)
    visitor = Visitor(farah.email)
    visitor.browser = browser
    visitor.enrol()
    [letter] = letters()
    assert letter.subject == "آپ کے اکاؤنٹ میں تصدیقی ایپ شامل کی گئی"
    assert letter.extra_headers["Content-Language"] == "ur"


def test_the_email_with_time_and_advice_is_sent_once_and_refers_to_its_ledger_entry(amina, settings):
    settings.SUPPORT_ADDRESS = "help@paktaleem.example"
    amina.enter()
    amina.enrol()
    [sent] = letters()
    assert re.search(r"It happened on 20\d\d-\d\d-\d\d at \d\d:\d\d \(UTC\)", sent.body)
    assert "write to help@paktaleem.example" in sent.body
    assert "http" not in sent.body
    [told] = jobs(NOTIFY_OWNER)
    tell_owner(**told)
    with in_client(PAKTALEEM):
        [letter] = Letter.objects.filter(kind="account_changed")
        assert letter.related_id is not None
        assert Entry.objects.get(pk=letter.related_id).kind == "user.totp_added"
    amina.browser.post(FORGOTTEN, {"email": amina.email})
    assert "@" not in str([told, *jobs(SEND_PASSWORD_LINK)]), "jobs contain ids"


@pytest.mark.parametrize("language", ["en", "ur"])
@pytest.mark.parametrize("change", CHANGES)
def test_each_change_has_an_email_text(cast, change, language, now):
    with in_global():
        User.objects.filter(pk=cast.user_id("farah")).update(language=language)
    tell_owner(str(cast.user_id("farah")), change, "0190b9f4-0000-7000-8000-000000000000", now.isoformat())
    [letter] = letters()
    assert len(str(letter.subject)) > 20
    assert "2026-10-01" in letter.body
    assert "09:00" in letter.body


def asked(address: str) -> tuple[Any, list[str]]:
    with CaptureQueriesContext(connection) as sent:
        answer = Client().post(FORGOTTEN, {"email": address})
    return answer, [one["sql"].replace(address, "…") for one in sent.captured_queries]


def test_a_password_request_is_answered_alike_for_every_address(cast):
    with in_global():
        User.objects.filter(pk=cast.user_id("bilal")).update(is_active=False)
    asked("warm-up@paktaleem.example")
    addresses = [cast.user("amina").email, "nobody@paktaleem.example", cast.user("bilal").email]
    answers, statements = zip(*(asked(address) for address in addresses), strict=True)
    shapes = [[re.sub(r"'[^']*'|\d+", "?", one) for one in found] for found in statements]
    assert shapes[0] == shapes[1] == shapes[2]
    assert len(shapes[0]) > 3
    assert {(one.status_code, one["Location"], one.content) for one in answers} == {(302, "/accounts/login/", b"")}


def test_only_active_users_get_a_password_email(cast, mailoutbox):
    with in_global():
        User.objects.filter(pk=cast.user_id("bilal")).update(is_active=False)
    for address in (cast.user("amina").email.upper(), "nobody@paktaleem.example", cast.user("bilal").email):
        Client().post(FORGOTTEN, {"email": address})
    assert mailoutbox == [], "nothing is sent in the request"
    assert len(jobs(SEND_PASSWORD_LINK)) == 3
    assert [one.to for one in letters()] == [[cast.user("amina").email]]


def test_every_page_that_changes_a_factor_is_our_own_view():
    found = {}
    for name in [name for name in get_resolver().reverse_dict if isinstance(name, str) and name.startswith("mfa_")]:
        pattern = next(one for one in _patterns(get_resolver()) if one.name == name)
        view = getattr(pattern.callback, "view_class", pattern.callback)
        if hasattr(view, "post"):
            found[name] = view.__module__
    theirs = {name for name, module in found.items() if module != "paktaleem.directory.staff.sign_in.views"}
    renames = "mfa_edit_webauthn"
    assert theirs == {"mfa_authenticate", renames, "mfa_reauthenticate", "mfa_reauthenticate_webauthn"}
    assert len(found) == len(theirs) + 5


def _patterns(resolver: Any) -> Any:
    for one in resolver.url_patterns:
        if hasattr(one, "url_patterns"):
            yield from _patterns(one)
        else:
            yield one


NEW = "new@indus.example"


@pytest.fixture
def officer(cast):
    return browser_of(cast.user("amina"))


def invite(browser, language="en"):
    given = {"email": NEW, "full_name": "New Colleague", "language": language, "is_active": "on"}
    assert browser.post("/admin/accounts/user/add/", {**given, "reason": "onboarding"}).status_code == 302
    with in_global():
        return User.objects.get(email=NEW)


def links():
    bodies = " ".join(str(letter.body) for letter in letters())
    return re.findall(r"https://testserver(/accounts/password/\S+)", bodies)


def follow(link, password=FRESH):
    browser = Client()
    page = browser.get(link, follow=True)
    if page.redirect_chain:
        browser.post(page.redirect_chain[-1][0], {"password1": password, "password2": password})
    return page.content.decode()


def test_a_new_administrator_signs_in_after_using_the_link(officer, cast):
    user = invite(officer)
    given = {"client": str(cast.client_id("indus")), "user": str(user.pk), "role": "client_admin"}
    asked = officer.post("/admin/accounts/membership/add/", {**given, "reason": "onboarding"})
    assert "give the ground in words" in asked.content.decode()
    given |= {"reason": "onboarding", "ground": "The school asked."}
    officer.post("/admin/accounts/membership/add/", given)
    approve(cast.client_id("indus"), timezone.now())
    [link] = links()
    follow(link)
    visitor = Visitor(NEW, FRESH)
    visitor.enter()
    assert not visitor.is_in, "a second factor comes first"
    visitor.enrol()
    assert visitor.is_in


def test_the_link_works_once(officer):
    invite(officer)
    [link] = links()
    follow(link)
    assert "no longer valid" in follow(link, "another-good-pass-phrase")
    with in_global():
        assert User.objects.get(email=NEW).check_password(FRESH)


@pytest.mark.parametrize(("late", "works"), [(timedelta(minutes=-1), True), (timedelta(minutes=1), False)])
def test_the_link_expires(officer, late, works):
    invite(officer)
    [link] = links()
    with time_machine.travel(timezone.now() + STAFF_LINK_LIFE + late, tick=True):
        assert ("no longer valid" not in follow(link)) is works


def test_sending_the_link_again_ends_the_earlier_one(officer):
    user = invite(officer)
    url = row_url("accounts/user", user.pk, "invite")
    assert officer.get(url).status_code == 200
    [first] = links()
    assert officer.post(url, {"reason": "support_case"}).status_code == 302
    [_, second] = links()
    assert "no longer valid" in follow(first)
    follow(second)
    with in_global():
        assert User.objects.get(email=NEW).check_password(FRESH)
    assert officer.get(url).status_code == 302, "the link is used"


def test_the_invitation_is_in_the_accounts_language(officer):
    invite(officer, "ur")
    [letter] = letters()
    assert (letter.extra_headers["Content-Language"], letter.to) == ("ur", [NEW])
    assert "72" in letter.body


"""The product name, the link to the other language, abbreviations used in Urdu too, and the name of the time zone."""
TYPED = re.compile(r"\S+@\S+|\b[A-Z2-7]{16,}\b|\b[0-9a-f]{8,}\b")
"""Email addresses, secrets and codes."""
READ_OUT = re.compile(r'(?:\b(?:alt|title|placeholder|aria-label)|type="submit" value)="([^"]*)"')


def in_urdu(browser: Client) -> Client:
    browser.cookies[settings.LANGUAGE_COOKIE_NAME] = "ur"
    return browser


def english_in(page: Any) -> list[str]:
    """Return words in Latin letters that are displayed or read aloud."""
    text = page.content.decode()
    assert '<html lang="ur" dir="rtl"' in text
    body = re.sub(r"(?s)<(script|style|svg|head)\b.*?</\1>", " ", text)
    title = re.search(r"(?s)<title>(.*?)</title>", text)
    shown = " ".join([strip_tags(body), *READ_OUT.findall(body), title[1] if title else ""])
    words = re.findall(r"[A-Za-z]{3,}", TYPED.sub(" ", unescape(shown)))
    return [word for word in words if word not in OWN]


@pytest.fixture
def visitor(amina):
    in_urdu(amina.browser)
    return amina


@pytest.fixture
def inside(visitor):
    visitor.enter()
    visitor.enrol()
    return visitor


def test_the_check_finds_english_words(amina):
    page = amina.browser.get(SIGN_IN)
    page.content = page.content.replace(b'<html lang="en" dir="ltr"', b'<html lang="ur" dir="rtl"')
    assert "Password" in english_in(page)


@pytest.mark.parametrize("url", [SIGN_IN, FORGOTTEN])
def test_the_sign_in_pages_and_their_errors(visitor, url):
    assert english_in(visitor.browser.get(url)) == []
    assert english_in(visitor.browser.post(url, {})) == []


def test_the_page_after_a_wrong_password_and_the_lockout_page(visitor):
    page = visitor.enter("not the password")
    assert "درست نہیں" in page.content.decode()
    assert english_in(page) == []
    for _ in range(settings.AXES_FAILURE_LIMIT):
        page = visitor.enter("not the password")
    assert page.status_code == 429
    assert english_in(page) == []


def test_the_pages_that_request_and_set_a_password_by_link(visitor):
    requested = visitor.browser.post(FORGOTTEN, {"email": visitor.email}, follow=True)
    assert "بھیج دی گئی" in requested.content.decode()
    assert english_in(requested) == []
    link = re.search(r"https?://[^/\s]+(/accounts/password/reset/key/\S+)", str(letters()[-1].body))
    assert link is not None
    page = visitor.browser.get(link[1], follow=True)
    assert english_in(page) == []
    there = page.redirect_chain[-1][0]
    for first, second in (("short", "short"), ("password1234", "password1234"), ("long and good, one", "another")):
        answer = visitor.browser.post(there, {"password1": first, "password2": second})
        assert answer.status_code == 200
        assert english_in(answer) == []
    assert english_in(visitor.browser.get("/accounts/password/reset/key/a-b/")) == []


def test_the_pages_that_set_up_a_second_factor(visitor):
    visitor.enter()
    for url in (FACTORS, ENROL, "/accounts/2fa/webauthn/add/", "/accounts/2fa/webauthn/"):
        assert english_in(visitor.browser.get(url)) == [], url
    assert english_in(visitor.browser.post(ENROL, {"code": "000000"})) == []


def test_the_pages_of_enrolled_factors_and_passwords(inside):
    pages = ("recovery-codes", "recovery-codes/generate", "totp/deactivate")
    for url in (FACTORS, *(f"/accounts/2fa/{page}/" for page in pages), "/admin/password_change/"):
        assert english_in(inside.browser.get(url)) == [], url
    wrong = {"old_password": "x", "new_password1": "short", "new_password2": "other"}
    assert english_in(inside.browser.post("/admin/password_change/", wrong)) == []
    new = dict.fromkeys(("new_password1", "new_password2"), "a long sentence, mine")
    right = {"old_password": inside.password, **new}
    assert english_in(inside.browser.post("/admin/password_change/", right, follow=True)) == []


def test_the_page_that_asks_for_the_code(enrolled_amina):
    in_urdu(enrolled_amina.browser)
    enrolled_amina.enter()
    assert english_in(enrolled_amina.browser.get(VERIFY)) == []
    assert english_in(enrolled_amina.verify("000000")) == []


@pytest.mark.parametrize("url", [STEP_UP, "/accounts/2fa/reauthenticate/"])
def test_the_pages_of_reauthentication(cast, enrolled_amina, url):
    browser = in_urdu(browser_of(cast.user("amina"), seconds_ago=600))
    assert english_in(browser.get(url)) == []
    assert english_in(browser.post(url, {"password": "wrong", "code": "000000"})) == []
