"""Services of erasures, one for each act."""

from rights.erasures.services.progress import continue_erasure, list_clients_with_open_erasures
from rights.erasures.services.proposals import (
    ChangedSince,
    ErasureEnded,
    ErasureProposed,
    Target,
    cancel_erasure,
    decide_erasure,
    propose_erasure,
)
from rights.erasures.services.requests import NotCertified

__all__ = [
    "ChangedSince",
    "ErasureEnded",
    "ErasureProposed",
    "NotCertified",
    "Target",
    "cancel_erasure",
    "continue_erasure",
    "decide_erasure",
    "list_clients_with_open_erasures",
    "propose_erasure",
]
