"""The mini-LMS of Khyber beside a running portal."""

import pytest

from tests.minilms.connecting import Platform
from tests.serving import environment_of_server, served


@pytest.fixture
def platform(committed, monkeypatch, tmp_path):
    """The mini-LMS of Khyber, connected to the running portal."""
    lms = Platform(tmp_path, committed.key("khyber"))
    for name, value in (environment_of_server() | {"WEBHOOKS_ALLOWED": lms.address}).items():
        monkeypatch.setenv(name, value)
    with served(tmp_path / "web") as port:
        yield lms.connect(port)
