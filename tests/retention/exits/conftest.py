"""Fixtures of exits."""

from typing import Any

import pytest

from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.tenancy.context import in_client
from tests.accounts.officers import second_officer
from tests.cast import Cast


@pytest.fixture
def another(cast):
    del cast
    return second_officer()
