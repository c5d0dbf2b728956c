"""People of Indus whom the tests of guardians are about."""

import pytest

from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.models import Client
from tests.cast import Cast


@pytest.fixture
def danish(cast, indus):
    return cast.subject("danish")


@pytest.fixture
def esra(cast, indus):
    return cast.subject("esra")
