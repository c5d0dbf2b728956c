"""Problem types of the orders services' exceptions."""

from http import HTTPStatus

from paktaleem.directory.data_systems.selectors import NoSystem, OrderUnknown
from paktaleem.directory.data_systems.services import (
    AlreadyAnswered,
    CategoryUnknown,
    NotByHand,
    TooManyParts,
)
from paktaleem.directory.data_systems.states import StepRefused
from paktaleem.foundation.api.problems import Problem, register_problems

__all__: list[str] = []

register_problems(
    {
        NoSystem: Problem(
            "no-system",
            HTTPStatus.FORBIDDEN,
            "This key acts for no system",
            "In the console, under “System keys”, assign the key of this name to a system.",
        ),
        OrderUnknown: Problem("order-unknown", HTTPStatus.NOT_FOUND, "No such order for this system"),
        StepRefused: Problem(
            "order-not-there",
            HTTPStatus.CONFLICT,
            "The order's state does not allow this step",
            "Accept an order before you answer it; GET /api/v1/orders/{id} returns its state.",
        ),
        AlreadyAnswered: Problem(
            "order-answered",
            HTTPStatus.CONFLICT,
            "The order already has a different answer",
            "The first answer is final.",
        ),
        NotByHand: Problem("order-not-by-hand", HTTPStatus.CONFLICT, "This system answers its orders itself"),
        CategoryUnknown: Problem(
            "category-unknown",
            HTTPStatus.BAD_REQUEST,
            "The system does not hold this category of data",
            "Use one of the categories registered for this system.",
            field="category",
        ),
        TooManyParts: Problem("too-many-parts", HTTPStatus.CONFLICT, "The order has the maximum number of parts"),
    }
)
