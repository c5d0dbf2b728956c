"""The mini-LMS of Khyber beside a running portal."""

import pytest

from tests.minilms.connecting import Platform
from tests.serving import served


@pytest.fixture
def platform(committed, tmp_path):
    lms = Platform(tmp_path, committed.key("khyber"))
    # in this folder are the emails, for which the key of a person waits
    with served(tmp_path / "web", WEBHOOKS_ALLOWED=lms.address, MAIL_FOLDER=str(tmp_path / "mails")) as port:
        yield lms.connect(port)
