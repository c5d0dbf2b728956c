"""Access links and one-time codes: they work once, and guessing, replaying or waiting does not."""

import json
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from procrastinate.contrib.django.models import ProcrastinateJob

from paktaleem.directory.access_links.models import PageCode, PageLink
from paktaleem.directory.access_links.services import (
    ATTEMPT_LIMITS,
    count_attempt,
    issue_link,
    redeem_code,
    redeem_link,
    send_access_link,
)
from paktaleem.directory.access_links.sessions import code_digest, token_digest
from paktaleem.directory.people.services.people import register_subject
from paktaleem.foundation.accounts.actors import NotAllowed
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import in_client
from tests.access_links.visiting import by_link, issue, latest_code, path_of, send, token_of, visitor, work

START, CODE, PAGE = "/choices/indus/", "/choices/code/", "/choices/"
HAMZA = "hamza.lodhi@students.example"


def rows(cast, model, client="indus"):
    with in_client(cast.client_id(client)):
        return list(model.objects.order_by("created_at", "id"))


def entries(cast, kind):
    with in_client(cast.client_id("indus")):
        return [json.loads(one.body) for one in Entry.objects.filter(kind=kind)]


@pytest.fixture
def later(time_machine):
    time_machine.move_to(datetime(2026, 12, 1, 9, tzinfo=UTC), tick=False)
    return time_machine.shift


def test_a_link_opens_its_page_once(cast):
    answer = issue(cast, "indus", "lms-hamza")
    assert answer.status_code == 201
    first, second = visitor(), visitor()
    path = path_of(answer.json()["url"])
    assert send(first, path).headers["Location"].startswith(PAGE)
    assert first.get(PAGE).status_code == 200
    assert second.get(path).status_code == 404
    assert second.get(PAGE).status_code == 403
    assert [one["subject"] for one in entries(cast, "page_link.opened")] == [str(cast.subject_id("hamza"))]


def test_looking_at_a_link_changes_nothing_and_it_needs_the_form_of_its_page(cast):
    path, browser = path_of(issue(cast, "indus", "lms-hamza").json()["url"]), visitor()
    for _ in range(3):
        assert browser.head(path).status_code == 200
        assert browser.get(path).status_code == 200
    assert visitor().post(path).status_code == 403
    assert [link.used_at for link in rows(cast, PageLink)] == [None]
    assert "paktaleem_choices" not in browser.cookies
    assert send(browser, path).status_code == 302


def test_neither_token_nor_code_is_kept(cast):
    token = path_of(issue(cast, "indus", "lms-hamza").json()["url"]).split("/")[3]
    send(visitor(), START, contact=HAMZA)
    work()
    assert len(token) == 43
    with in_client(cast.client_id("indus")), connection.cursor() as cursor:
        own = ("access_links_pagelink", "access_links_pagecode")
        for table in (*own, "mail_letter", "audit_entry", "procrastinate_jobs"):
            cursor.execute(f"SELECT coalesce(string_agg(to_jsonb(t)::text, ''), '') FROM {table} t")  # noqa: S608
            [kept] = cursor.fetchone()
            assert token not in kept
            assert latest_code() not in kept
            assert "hamza" not in kept


@pytest.mark.parametrize("token", ["x", "A" * 43, "A" * 5000, "%00", "..", "ü"])
def test_a_guessed_link_opens_nothing(cast, token):
    assert visitor().get(f"/choices/link/{token}/").status_code == 404


def test_an_expired_link_reads_as_one_that_never_was(cast, later):
    path, browser = path_of(issue(cast, "indus", "lms-hamza").json()["url"]), visitor()
    form = token_of(browser.get(path))
    later(timedelta(minutes=10))
    late, never = browser.get(path), browser.get("/choices/link/" + "A" * 43 + "/")
    assert late.status_code == never.status_code == 404
    assert late.content == never.content
    assert browser.post(path, {"csrfmiddlewaretoken": form}).status_code == 404


def test_links_are_for_the_callers_own_people(cast):
    assert issue(cast, "khyber", "lms-hamza").status_code == 404
    assert issue(cast, "indus", "lms-nobody").status_code == 404
    for page in ("admin", "guardian"):
        assert issue(cast, "indus", "lms-hamza", page=page).status_code == 400


def test_the_wrong_role_issues_no_link(cast, now):
    with in_client(cast.client_id("indus")), pytest.raises(NotAllowed):
        issue_link(cast.subject("hamza"), page="choices", actor=cast.actor("bilal"), at=now)


def test_a_page_closes_after_twenty_idle_minutes_and_after_two_hours(cast, later):
    browser = by_link(cast, "indus", "lms-hamza")
    for _ in range(6):
        later(timedelta(minutes=19))
        assert browser.get(PAGE).status_code == 200
    later(timedelta(minutes=6))
    assert browser.get(PAGE).status_code == 403
    idle = by_link(cast, "indus", "lms-hamza")
    later(timedelta(minutes=20))
    assert idle.get(PAGE).status_code == 403


def test_the_cookie_is_for_this_page_alone_and_cannot_be_made(cast):
    browser = by_link(cast, "indus", "lms-hamza")
    cookie = browser.cookies["paktaleem_choices"]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Strict", PAGE)
    other = by_link(cast, "khyber", "lms-kiran").cookies["paktaleem_choices"].value
    body, signature = cookie.value.rsplit(":", 1)
    for forged in (f"{other.rsplit(':', 1)[0]}:{signature}", body, "x", ""):
        browser.cookies["paktaleem_choices"] = forged
        assert browser.get(PAGE).status_code == 403


def test_a_copy_of_the_cookie_opens_nothing_after_its_owner_has_left(cast):
    browser = by_link(cast, "indus", "lms-hamza")
    copied = browser.cookies["paktaleem_choices"].value
    send(browser, "/choices/leave/", form_at=PAGE)
    browser.cookies["paktaleem_choices"] = copied
    assert browser.get(PAGE).status_code == 403
    assert by_link(cast, "indus", "lms-hamza").get(PAGE).status_code == 200


def test_a_client_with_nul_in_its_code_is_not_found(db):
    own = ("choices", "guardian", "requests", "requests/follow")
    for page in (*own, "privacy", "concern", "cookies", "accounts/single-sign-on"):
        assert visitor().get(f"/{page}/in%00dus/").status_code == 404, page


def test_pages_send_no_referrer_and_are_not_cached(cast):
    path = path_of(issue(cast, "indus", "lms-hamza").json()["url"])
    dead = visitor().get("/choices/link/" + "A" * 43 + "/")
    assert dead.headers["Referrer-Policy"] == "no-referrer"
    assert visitor().get(path).headers["Referrer-Policy"] == "strict-origin"  # the page has a form
    answer = by_link(cast, "indus", "lms-hamza").get(PAGE)
    assert answer.headers["Referrer-Policy"] == "strict-origin"
    assert "no-store" in answer.headers["Cache-Control"]
    assert len(answer.content) < 100_000
    assert b"<script" not in answer.content


def test_a_code_sent_to_the_known_address_opens(cast):
    browser = visitor()
    assert send(browser, START, contact=f" {HAMZA.upper()} ").headers["Location"].startswith(CODE)
    work()
    assert [one.to for one in mail.outbox] == [[HAMZA]]
    assert send(browser, CODE, code=latest_code()).headers["Location"].startswith(PAGE)
    assert browser.get(PAGE).status_code == 200
    assert [one["subject"] for one in entries(cast, "page_code.accepted")] == [str(cast.subject_id("hamza"))]


def test_a_number_gets_a_text_message_in_the_language_of_the_page(cast, settings, tmp_path):
    settings.MAIL_FOLDER = str(tmp_path)
    settings.TEXT_PROVIDER = "paktaleem.directory.mail.delivery.FolderProvider"
    browser = visitor()
    send(browser, f"{START}?lang=ur", contact="+92 300 1234567")
    work()
    [file] = tmp_path.iterdir()
    text = file.read_text()
    assert "کوڈ" in text
    assert "Esra" not in text
    [code] = re.findall(r"\d{8}", text.partition("\n\n")[2])
    eastern = code.translate(str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹"))
    assert send(browser, CODE, code=f"{eastern[:4]} {eastern[4:]}").status_code == 302


@pytest.mark.parametrize("written", ["0300 1234567", "0092-300-1234567", "۰۳۰۰۱۲۳۴۵۶۷"])
def test_a_number_leads_there_however_it_is_typed(cast, settings, tmp_path, written):
    settings.MAIL_FOLDER = str(tmp_path)
    settings.TEXT_PROVIDER = "paktaleem.directory.mail.delivery.FolderProvider"
    send(visitor(), START, contact=written)
    work()
    [file] = tmp_path.iterdir()
    assert file.read_text().startswith("To: +923001234567\n")


def test_the_answer_does_not_reveal_whether_an_address_is_known(cast):
    answers = []
    for contact in (HAMZA, "nobody@students.example"):
        browser = visitor()
        sent = send(browser, START, contact=contact)
        page = re.sub(r'value="[^"]*"', "", browser.get(CODE).content.decode())
        answers.append((sent.status_code, sent.headers["Location"], page))
    assert answers[0] == answers[1]
    work()
    assert len(mail.outbox) == 1


def test_the_request_itself_asks_the_database_the_same_for_a_known_and_an_unknown_address(cast):
    asked = []
    for ip, contact in (("203.0.113.1", HAMZA), ("203.0.113.2", "nobody@students.example")):
        browser = visitor(REMOTE_ADDR=ip)
        form = token_of(browser.get(START))
        with CaptureQueriesContext(connection) as found:
            browser.post(START, {"csrfmiddlewaretoken": form, "contact": contact})
        asked.append([re.sub(r"s\d+_x\d+|'[^']*'", "…", one["sql"])[:80] for one in found])
    assert asked[0] == asked[1]


def test_job_and_log_hold_hashes_only(cast, caplog):
    send(visitor(), START, contact=HAMZA)
    with in_client(cast.client_id("indus")):
        [job] = ProcrastinateJob.objects.filter(task_name="access_links.send_codes")
    assert "hamza" not in json.dumps(job.args)
    assert "hamza" not in caplog.text


def test_another_clients_search_finds_no_person_of_this_client(cast):
    send(visitor(), "/choices/khyber/", contact=HAMZA)
    work()
    assert mail.outbox == []
    assert visitor().get("/choices/nowhere/").status_code == 404


def test_a_code_works_in_the_browser_that_asked_once_and_not_for_long(cast, later):
    asker, thief = visitor(), visitor()
    send(asker, START, contact=HAMZA)
    work()
    code = latest_code()
    send(thief, START, contact="nobody@students.example")
    assert send(thief, CODE, code=code).status_code == 422
    form = token_of(asker.get(CODE))
    knock = asker.cookies["paktaleem_code"].value
    assert asker.post(CODE, {"csrfmiddlewaretoken": form, "code": code}).status_code == 302
    asker.cookies["paktaleem_code"] = knock
    assert asker.post(CODE, {"csrfmiddlewaretoken": form, "code": code}).status_code == 422
    slow = visitor()
    send(slow, START, contact=HAMZA)
    work()
    later(timedelta(minutes=10))
    assert send(slow, CODE, code=latest_code()).status_code == 422


def test_five_wrong_codes_close_the_address_and_asking_again_does_not_open_it(committed, mailoutbox):
    browser = visitor()
    send(browser, START, contact=HAMZA)
    for number in range(5):
        assert send(browser, CODE, code=f"{number:08}").status_code == 422
    send(browser, START, contact=HAMZA)
    work()
    assert send(browser, CODE, code=latest_code()).status_code == 429
    elsewhere = visitor(REMOTE_ADDR="203.0.113.9")
    send(elsewhere, START, contact=HAMZA)
    work()
    assert send(elsewhere, CODE, code=latest_code()).status_code == 302


def test_of_many_attempts_at_once_no_more_than_the_limit_are_checked(committed):
    def attempt(_):
        try:
            return count_attempt(ATTEMPT_LIMITS, address="a", ip="203.0.113.3")
        finally:
            connections.close_all()

    with ThreadPoolExecutor(12) as pool:
        assert sum(pool.map(attempt, range(36))) == 5


def test_of_many_who_use_one_link_or_code_at_once_one_gets_in(committed, now):
    client_id = committed.client_id("indus")
    knock = token_digest("knock")
    with in_client(client_id):
        hamza = committed.subject("hamza")
        link, _ = issue_link(hamza, page="choices", actor=committed.actor("farah"), at=now)
        PageCode(
            client_id=client_id,
            subject=hamza,
            page="choices",
            digest=code_digest("12345678", knock=knock),
            knock=knock,
            created_at=now,
            expires_at=now + timedelta(minutes=10),
        ).save()

    def attempt(number):
        try:
            with in_client(client_id):
                if number % 2:
                    return "link" if redeem_link(link, at=now) else ""
                redeemed = redeem_code("12345678", client_id=client_id, page="choices", knock=knock, at=now)
                return "code" if redeemed else ""
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        assert sorted(filter(None, pool.map(attempt, range(24)))) == ["code", "link"]


def test_an_address_is_asked_for_a_few_times_only_known_or_not_and_the_page_says_when_again(cast, later):
    for contact in (HAMZA, "nobody@students.example"):
        answers = [send(visitor(), START, contact=contact) for _ in range(4)]
        assert [answer.status_code for answer in answers] == [302, 302, 302, 429]
        assert "2026-12-01 15:00" in answers[-1].content.decode()


def test_people_who_share_an_address_each_get_a_code_to_their_own_page(cast, now):
    details = {"role": "student", "full_name": "Twin Lodhi", "email": HAMZA}
    by = {"actor": cast.key_actor("indus"), "at": now}
    with in_client(cast.client_id("indus")):
        twin, _ = register_subject("lms-twin", client=cast.client("indus"), details=details, **by)
    browser = visitor()
    send(browser, START, contact=HAMZA)
    work()
    assert [one.to for one in mail.outbox] == [[HAMZA], [HAMZA]]
    assert {code.subject_id for code in rows(cast, PageCode)} == {twin.id, cast.subject_id("hamza")}


def test_an_invalid_value_is_reported_beside_its_field(cast):
    answer = send(visitor(), START, contact="neither@")
    assert answer.status_code == 422
    assert b"not an email address or" in answer.content
    assert send(visitor(), START, contact="\x00@x.example").status_code == 422


def test_an_invitation_shows_nothing_before_the_code_came_back(cast, now, later):
    address = "https://privacy.example/choices/link/{}/".format
    by = {"actor": cast.actor("farah"), "at": datetime.now(UTC)}
    with in_client(cast.client_id("indus")):
        send_access_link(cast.subject("hamza"), page="choices", address=address, **by)
    work()
    assert mail.outbox[0].to == [HAMZA]
    path = path_of(re.findall(r"https://\S+", str(mail.outbox[0].body))[0])
    browser = visitor()
    assert b"Hamza" not in browser.get(path).content
    assert send(browser, path).headers["Location"].startswith(CODE)
    assert browser.get(PAGE).status_code == 403
    work()
    assert send(browser, CODE, code=latest_code()).status_code == 302
    assert browser.get(PAGE).status_code == 200
    later(timedelta(days=6))
    again = visitor()
    assert send(again, path).status_code == 302
    later(timedelta(days=1))
    assert visitor().get(path).status_code == 404


def strangers(*posts, contact=HAMZA, start=START):
    return [send(visitor(REMOTE_ADDR=f"198.51.100.{one}"), start, contact=contact).status_code for one in posts]


def test_after_ten_requests_of_strangers_a_code_in_hand_and_a_link_still_open(cast):
    owner = visitor()
    send(owner, START, contact=HAMZA)
    work()
    code = latest_code()
    strangers(*range(12))
    work()
    assert send(owner, CODE, code=code).status_code == 302
    assert by_link(cast, "indus", "lms-hamza").get(PAGE).status_code == 200


def test_three_emails_a_day_go_to_an_address_whatever_is_requested(cast):
    for start in (START, "/guardian/indus/", "/requests/follow/indus/"):
        strangers(*range(4), start=start)
    work()
    assert len(mail.outbox) == 3


def test_one_source_leaves_a_code_for_the_owner(cast):
    stranger = visitor(REMOTE_ADDR="198.51.100.1")
    for _ in range(10):
        send(stranger, START, contact=HAMZA)
    work()
    assert len(mail.outbox) == 2
    owner = visitor()
    send(owner, START, contact=HAMZA)
    work()
    assert send(owner, CODE, code=latest_code()).status_code == 302


@pytest.mark.parametrize("page", ["choices", "requests"])
def test_wrong_codes_of_a_stranger_do_not_spoil_a_code_in_hand(committed, mailoutbox, page):
    start = {"choices": START, "requests": "/requests/follow/indus/"}[page]
    owner, stranger = visitor(), visitor()
    send(owner, start, contact=HAMZA)
    work()
    code = latest_code()
    send(stranger, start, contact=HAMZA)
    found = [send(stranger, f"/{page}/code/", code=f"{one:08}").status_code for one in range(8)]
    assert found.count(422) == 4, "of five guesses a day, one is kept for the owner"
    assert send(owner, f"/{page}/code/", code=code).status_code == 302


def test_a_browser_that_gets_no_new_code_keeps_the_one_in_hand_and_shows_the_time(cast, later):
    owner = visitor()
    send(owner, START, contact=HAMZA)
    work()
    code = latest_code()
    strangers(1, 2)
    assert send(owner, START, contact=HAMZA).status_code == 302
    assert "2026-12-02 14:00" in owner.get(CODE).content.decode()
    work()
    assert len(mail.outbox) == 3
    assert send(owner, CODE, code=code).status_code == 302
