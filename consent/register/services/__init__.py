"""Services of register."""

from consent.register.services.balancing import AlreadySigned, sign_balancing_test
from consent.register.services.register import SharedRowNotEditable, cancel_period, change_register, end_period
from consent.register.services.safeguards import decide_safeguard_change, request_safeguard_change
from consent.register.services.widening import widen_purpose
from consent.register.weakening import WeakensSafeguard

__all__ = [
    "AlreadySigned",
    "SharedRowNotEditable",
    "WeakensSafeguard",
    "cancel_period",
    "change_register",
    "decide_safeguard_change",
    "end_period",
    "request_safeguard_change",
    "sign_balancing_test",
    "widen_purpose",
]
