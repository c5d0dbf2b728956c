"""Problem types of the sandbox services' exceptions."""

from http import HTTPStatus

from paktaleem.foundation.api.problems import Problem, register_problems
from paktaleem.sandbox.services import NotASandbox, StateNotReached

__all__: list[str] = []

register_problems(
    {
        NotASandbox: Problem(
            "not-a-sandbox",
            HTTPStatus.FORBIDDEN,
            "This client is not a sandbox",
            "Ask PakTaleem for a sandbox: a separate client with test keys that begin with ptk_test_.",
        ),
        StateNotReached: Problem(
            "state-not-reached",
            HTTPStatus.CONFLICT,
            "This state cannot be reached with the sandbox's register",
            "Nothing was changed. Choose another purpose, or ask PakTaleem to complete the sandbox's register.",
        ),
    }
)
