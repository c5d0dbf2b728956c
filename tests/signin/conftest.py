"""Visitors of the cast."""

import pytest

from tests.cast import Cast
from tests.signin.visiting import Visitor, enrolled


@pytest.fixture
def amina(cast: Cast) -> Visitor:
    """The privacy officer, without a second factor."""
    return Visitor(cast.user("amina").email)


@pytest.fixture
def enrolled_amina(cast: Cast) -> Visitor:
    return enrolled(cast.user("amina"))
