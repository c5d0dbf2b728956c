"""Fixtures: the context of Indus, and of PakTaleem."""

import pytest

from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM


@pytest.fixture
def paktaleem(cast):
    with in_client(PAKTALEEM):
        yield cast.client("paktaleem")
