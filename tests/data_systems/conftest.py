"""Indus with its learning platform, a library run by hand, and PakTaleem's billing."""

import pytest

from paktaleem.directory.data_systems.models import System
from paktaleem.directory.data_systems.selectors import Parent
from paktaleem.directory.data_systems.services.issuing import issue_orders
from paktaleem.foundation.tenancy.rows import new_id
from tests.factories import SETTING_UP, OrderSpecFactory, make_system


@pytest.fixture
def library(indus):
    return make_system(indus, "library", ["content"], delivery="by_hand")


@pytest.fixture
def lms(indus):
    return System.objects.get(client=indus, code="lms")


@pytest.fixture
def spec(now):
    def spec(kind="erase", categories=("usage_logs",), **more):
        case = Parent("test_case", new_id())
        return OrderSpecFactory(kind=kind, categories=categories, at=now, **{"parent": case, **more})

    return spec


@pytest.fixture
def issue(cast, indus, spec, now):
    """Return a function that issues orders about a person of Indus, and returns the only or first one."""

    def issue(kind="erase", person="danish", categories=("usage_logs",), **more):
        values = more.pop("new_values", None)
        given_spec = spec(kind, categories, **more)
        return issue_orders(cast.subject(person), given_spec, new_values=values, actor=SETTING_UP, at=now)[0]

    return issue


@pytest.fixture
def key(cast, indus):
    return cast.key_actor("indus")
