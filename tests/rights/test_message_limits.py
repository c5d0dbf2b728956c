"""An address gets at most three messages a day about rights, over all the ways in which they can be caused."""

from typing import Any

import pytest
from django.core import mail

from tests.access_links.visiting import send, visitor
from tests.cast import Cast
from tests.rights.mails import SENDER, US, list_requests, made, taken, work
from tests.rights.test_public_pages import HAMZA, asked


@pytest.fixture(autouse=True)
def _own_address(settings: Any) -> None:
    settings.MAILBOX_ADDRESS = US


def acknowledged() -> list[str]:
    """List the recipients of automatic replies."""
    return [one.to[0] for one in mail.outbox if one.extra_headers["Auto-Submitted"] == "auto-replied"]


def test_form_own_page_and_email_together_send_three_messages_a_day_to_an_address(cast: Cast) -> None:
    asked(HAMZA)
    work()
    assert send(visitor(), "/requests/follow/indus/", contact=HAMZA).status_code == 302
    work()
    assert [one.to for one in mail.outbox] == [[HAMZA]] * 2, "a link and a code"
    taken(made(sender=HAMZA))
    work()
    assert acknowledged() == [HAMZA]
    assert [one.to for one in mail.outbox] == [[HAMZA]] * 3, "the link of the email would be the fourth"
    asked(HAMZA)
    assert send(visitor(), "/requests/follow/indus/", contact=HAMZA).status_code == 302
    taken(made("Again", sender=HAMZA))
    work()
    assert len(mail.outbox) == 3
    assert len(list_requests()) == 4, "every request is still taken"


def test_an_address_with_a_tag_that_is_not_on_file_counts_as_the_one_without(cast: Cast) -> None:
    for _ in range(3):
        asked(HAMZA)
    work()
    assert len(mail.outbox) == 3
    taken(made(sender="Hamza.Lodhi+new@students.example"))
    taken(made(sender=SENDER))
    work()
    assert acknowledged() == [SENDER]
    assert len(list_requests()) == 5
