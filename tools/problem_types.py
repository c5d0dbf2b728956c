"""Every problem type that the API can answer, found from the exception classes and constants of the loaded modules."""

import sys
from collections.abc import Iterator
from http import HTTPStatus
from importlib import import_module
from types import ModuleType

from rest_framework.exceptions import APIException

from paktaleem.foundation.errors import Problem, list_portal_errors
from paktaleem.foundation.web.api.problems import DRF_PROBLEMS

PACKAGES = ("paktaleem", "children", "consent", "retention", "rights")
ENTRANCES = (
    "paktaleem.urls",
    "paktaleem.office.health",
    "paktaleem.foundation.web.public.errors",
    "paktaleem.foundation.web.public.request_bodies",
)
"""Together they import every module that answers a problem."""
TABLE_HEAD = "| `type` | status | title | detail |\n|---|---|---|---|\n"


def list_problem_types() -> list[Problem]:
    """Return the problem types by code, status and title, each once."""
    for name in ENTRANCES:
        import_module(name)
    modules = [module for name, module in sys.modules.items() if _is_ours(name)]
    found = {
        *(error.problem for error in list_portal_errors() if error.problem and _is_ours(error.__module__)),
        *DRF_PROBLEMS.values(),
        *(constant for module in modules for constant in vars(module).values() if isinstance(constant, Problem)),
        *(problem for module in modules for problem in _problems_of_api_exceptions(module)),
    }
    return sorted(found, key=lambda one: (one.code, one.status, one.title, one.detail))


def _is_ours(module: str) -> bool:
    return module.partition(".")[0] in PACKAGES


def _problems_of_api_exceptions(module: ModuleType) -> Iterator[Problem]:
    for kind in vars(module).values():
        if isinstance(kind, type) and issubclass(kind, APIException) and kind.__module__ == module.__name__:
            yield Problem(str(kind.default_code), str(kind.default_detail), status=HTTPStatus(kind.status_code))


def with_problem_types(page: str) -> str:
    """Return the page with the table of problem types as it should be."""
    text, _head, _rows = page.partition(TABLE_HEAD)
    rows = (
        f"| `{one.code}` | {int(one.status)} | {one.title} | {one.detail or '–'} |\n" for one in list_problem_types()
    )
    return text + TABLE_HEAD + "".join(rows)
