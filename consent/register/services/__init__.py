"""Services of register."""

from consent.register.services.balancing import AlreadySigned, sign_balancing_test
from consent.register.services.register import SharedRowNotEditable, change_register, end_period
from consent.register.services.widening import widen_purpose

__all__ = [
    "AlreadySigned",
    "SharedRowNotEditable",
    "change_register",
    "end_period",
    "sign_balancing_test",
    "widen_purpose",
]
