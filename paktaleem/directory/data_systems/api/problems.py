"""Which problem each refusal of the services about orders is."""

from http import HTTPStatus

from paktaleem.directory.data_systems.selectors import NoSystem, OrderUnknown
from paktaleem.directory.data_systems.services import (
    AlreadyAnswered,
    CategoryUnknown,
    NotByHand,
    TooManyParts,
)
from paktaleem.directory.data_systems.states import StepRefused
from paktaleem.foundation.api.problems import Problem, declare_problems

__all__: list[str] = []

declare_problems(
    {
        NoSystem: Problem(
            "no-system",
            HTTPStatus.FORBIDDEN,
            "This key acts for no system",
            "In the console, under “Keys of systems”, say for which system the key of this name acts.",
        ),
        OrderUnknown: Problem("order-unknown", HTTPStatus.NOT_FOUND, "No such order for this system"),
        StepRefused: Problem(
            "order-not-there",
            HTTPStatus.CONFLICT,
            "The order is not where this leads on from",
            "Accept an order before you answer it; GET /api/v1/orders/{id} says how far it is.",
        ),
        AlreadyAnswered: Problem(
            "order-answered",
            HTTPStatus.CONFLICT,
            "The order was answered before, and otherwise",
            "The first answer holds.",
        ),
        NotByHand: Problem("order-not-by-hand", HTTPStatus.CONFLICT, "This system answers for itself"),
        CategoryUnknown: Problem(
            "category-unknown",
            HTTPStatus.BAD_REQUEST,
            "The system holds no such data",
            "Use a category that the console names for this system.",
        ),
        TooManyParts: Problem("too-many-parts", HTTPStatus.CONFLICT, "The order has as many parts as it may have"),
    }
)
