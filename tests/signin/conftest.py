"""Visitors of the cast."""

import pytest

from tests.cast import Cast
from tests.signin.visiting import Visitor, enrolled


@pytest.fixture
def amina(cast):
    return Visitor(cast.user("amina").email)


@pytest.fixture
def enrolled_amina(cast):
    return enrolled(cast.user("amina"))
