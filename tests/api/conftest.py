"""Callers for each client of the cast."""

import pytest

from tests.api.callers import Caller


@pytest.fixture
def indus(cast):
    return Caller(cast.key("indus"))


@pytest.fixture
def khyber(cast):
    return Caller(cast.key("khyber"))
