"""Fixtures: a provider that runs, and Indus with single sign-on there."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from django.core.cache import cache

from tests.cast import Cast
from tests.factories import make_staff
from tests.single_sign_on.providing import HostileProvider, TestProvider, hostile_provider, running_provider
from tests.single_sign_on.visiting import set_up


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    with running_provider(tmp_path_factory.mktemp("provider")) as provider:
        yield provider


@pytest.fixture
def colleagues(cast):
    """Make Celia of Khyber an administrator of Indus too, and give Amina, an officer, a role there."""
    make_staff("celia@khyber.example", ("client_admin", cast.client_id("indus")))
    make_staff("amina@paktaleem.example", ("client_auditor", cast.client_id("indus")))


@pytest.fixture
def provider(running, colleagues, cast, now, settings):
    """A provider where Farah has an account, and which vouches for Indus’s staff."""
    settings.SIGN_ON_ALLOWED = [running.host]
    running.set_person("farah-1", email="farah@indus.example", email_verified=True)
    set_up(cast, running.issuer, now)
    return running


@pytest.fixture
def hostile(colleagues, cast, now, settings):
    """A provider that vouches for Indus’s staff and answers as a test wants."""
    with hostile_provider() as provider:
        settings.SIGN_ON_ALLOWED = [provider.host]
        set_up(cast, provider.issuer, now)
        yield provider
        cache.clear()
