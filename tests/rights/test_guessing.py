"""No one guesses a code or fills a mailbox: through the real pages, from many addresses, in parallel."""

import re
from concurrent.futures import ThreadPoolExecutor

from django.core import mail
from django.db import connections

from tests.access_links.visiting import latest_code, send, token_of, visitor
from tests.rights.cases import add_phone
from tests.rights.test_public_pages import HAMZA, asked, link_in, work

THREADS = 8


def with_code(contact, ip):
    browser = visitor(REMOTE_ADDR=ip)
    assert send(browser, "/requests/follow/indus/", contact=contact).status_code == 302
    return browser, token_of(browser.get("/requests/code/"))


def guess(browser, token, code, ip):
    values = {"csrfmiddlewaretoken": token, "code": code}
    answer = browser.post("/requests/code/", values, REMOTE_ADDR=ip)
    return int(answer.status_code)


def test_of_two_hundred_parallel_guesses_from_fifty_addresses_five_count_however_often_a_code_is_requested(
    committed, mailoutbox
):
    browsers = [with_code(HAMZA, f"203.0.113.{one}") for one in range(10)]
    work()
    codes = {latest_code()}

    def attempt(number):
        browser, token = browsers[number % len(browsers)]
        try:
            return guess(browser, token, f"{number:08d}", f"198.51.100.{number % 50}")
        finally:
            connections.close_all()

    with ThreadPoolExecutor(THREADS) as pool:
        found = list(pool.map(attempt, range(200)))
    assert (found.count(422), found.count(429)) == (5, 195)
    again = [visitor(REMOTE_ADDR=f"192.0.2.{one}") for one in range(20)]
    statuses = [send(browser, "/requests/follow/indus/", contact=HAMZA).status_code for browser in again]
    assert set(statuses) == {429}, "ten codes a day are requested for a contact"
    browser, token = browsers[0]
    assert guess(browser, token, codes.pop(), "192.0.2.99") == 429, "not even the right code today"


def test_a_second_contact_gives_no_further_guesses(committed, mailoutbox):
    add_phone(committed, "junaid", "+923009998877")
    statuses = []
    for contact, ip in (("junaid.mirza@school.example", "203.0.113.1"), ("+923009998877", "203.0.113.2")):
        browser, token = with_code(contact, ip)
        work()
        statuses += [guess(browser, token, f"{one:08d}", ip) for one in range(4)]
    assert statuses == [422] * 5 + [429] * 3


def test_another_persons_guesses_are_their_own(committed, mailoutbox):
    for contact, ip in ((HAMZA, "203.0.113.1"), ("junaid.mirza@school.example", "203.0.113.2")):
        browser, token = with_code(contact, ip)
        work()
        assert [guess(browser, token, f"{one:08d}", ip) for one in range(5)] == [422] * 5


def test_the_person_with_the_link_gets_a_code_after_others_used_up_the_messages_of_the_day(cast):
    asked(HAMZA)
    work()
    link = link_in(mail.outbox[-1])
    for number in range(5):
        send(visitor(REMOTE_ADDR=f"203.0.113.{number}"), "/requests/follow/indus/", contact=HAMZA)
        work()
    assert len(mail.outbox) == 3
    browser = visitor(REMOTE_ADDR="198.51.100.7")
    assert send(browser, link).status_code == 302
    work()
    assert len(mail.outbox) == 4
    assert send(browser, "/requests/code/", code=latest_code()).status_code == 302


def test_consent_is_withdrawn_from_the_acknowledgement_with_no_more_than_the_known_contact(cast):
    browser = visitor()
    page = asked(HAMZA, "withdrawal", browser=browser).content.decode()
    [way] = re.findall(r'href="(/choices/indus/[^"]*)"', page)
    assert "/choices/" not in asked(HAMZA, "access").content.decode()
    work()
    mail.outbox.clear()
    assert send(browser, way, contact=HAMZA).status_code == 302
    work()
    assert mail.outbox[-1].to == [HAMZA]
    assert send(browser, "/choices/code/", code=latest_code()).status_code == 302
    assert browser.get("/choices/").status_code == 200
