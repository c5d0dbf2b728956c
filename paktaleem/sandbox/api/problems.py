"""Which problem each refusal of the sandbox is."""

from http import HTTPStatus

from paktaleem.foundation.api.problems import Problem, declare_problems
from paktaleem.sandbox.services import NotASandbox, StateNotReached

__all__: list[str] = []

declare_problems(
    {
        NotASandbox: Problem(
            "not-a-sandbox",
            HTTPStatus.FORBIDDEN,
            "This client is not a sandbox",
            "Ask PakTaleem for a sandbox: a client of its own, with test keys that begin with ptk_test_.",
        ),
        StateNotReached: Problem(
            "state-not-reached",
            HTTPStatus.CONFLICT,
            "This sandbox's register does not lead there",
            "Nothing was changed. Name another purpose, or have PakTaleem complete the sandbox's register.",
        ),
    }
)
