"""Services of register."""

from consent.register.services.balancing import AlreadySigned, sign_balancing_test
from consent.register.services.register import NotYours, change_register, end_period

__all__ = [
    "AlreadySigned",
    "NotYours",
    "change_register",
    "end_period",
    "sign_balancing_test",
]
