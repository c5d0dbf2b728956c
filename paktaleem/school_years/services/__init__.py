"""Services of ends of school years."""

from paktaleem.school_years.services.counting import count_year_end
from paktaleem.school_years.services.moving import leave_client
from paktaleem.school_years.services.preparing import (
    Choices,
    YearEndAlreadyOpen,
    cancel_year_end,
    confirm_year_end,
    prepare_year_end,
)
from paktaleem.school_years.services.running import close_classes, finish_people
from paktaleem.school_years.services.steps import CONTINUE, YearEndMovedOn, enqueue_year_end, forget_person

__all__ = [
    "CONTINUE",
    "Choices",
    "YearEndAlreadyOpen",
    "YearEndMovedOn",
    "cancel_year_end",
    "close_classes",
    "confirm_year_end",
    "count_year_end",
    "enqueue_year_end",
    "finish_people",
    "forget_person",
    "leave_client",
    "prepare_year_end",
]
