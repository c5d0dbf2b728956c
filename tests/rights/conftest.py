"""Fixtures of the tests of rights requests."""

from collections.abc import Iterator

import pytest

from paktaleem.foundation.tenancy.context import in_client
from tests.cast import Cast
from tests.signing_in import SignIn, browser_of
