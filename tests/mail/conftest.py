"""A message kind for tests, with its templates."""

from datetime import timedelta
from pathlib import Path

import pytest

from paktaleem.directory.mail.services import declare_message

KIND = declare_message("test_greeting", fields=["code", "url"], life=timedelta(minutes=10), is_texted=True)
VALUES = {"code": "K4711", "url": "https://privacy.school.example/x"}


@pytest.fixture(autouse=True)
def templates(settings):
    own = str(Path(__file__).parent / "templates")
    settings.TEMPLATES = [{**one, "DIRS": [own, *one["DIRS"]]} for one in settings.TEMPLATES]
