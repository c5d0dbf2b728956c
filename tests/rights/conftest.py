"""Fixtures of the tests of rights requests."""

from collections.abc import Iterator

import pytest

from paktaleem.foundation.tenancy.context import in_client
from tests.cast import Cast
from tests.signing_in import SignIn, browser_of


@pytest.fixture
def indus(cast: Cast) -> Iterator[Cast]:
    """The cast, in the context of Indus."""
    with in_client(cast.client_id("indus")):
        yield cast
