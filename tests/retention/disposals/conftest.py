"""Fixtures: the context of Indus."""

import pytest

from paktaleem.foundation.tenancy.context import in_client


@pytest.fixture
def indus(cast):
    with in_client(cast.client_id("indus")):
        yield cast.client("indus")
