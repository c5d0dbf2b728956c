"""Fixtures of the tests of rights requests."""

from typing import Any

import pytest

from tests.rights.mails import US


@pytest.fixture
def own_address(settings):
    """The portal has a mailbox, and a mail server whose results of checks it shows."""
    settings.MAILBOX_ADDRESS, settings.MAILBOX_AUTHSERV = US, "mx.portal.example"
