"""Supervisory authorities by country (``authorities.toml``); elsewhere that of the setting AUTHORITY, or none. Pure."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec


class Authority(NamedTuple):
    """A supervisory authority: its name and web address."""

    name: str
    url: str = ""


AUTHORITIES = msgspec.toml.decode(Path(__file__).with_suffix(".toml").read_bytes(), type=dict[str, Authority])
"""By ISO 3166 code of the country."""


def find_authority(country: str, *, fallback: Sequence[str]) -> Authority | None:
    """Return the authority of a country; otherwise ``fallback``, the name and address of the setting; or None."""
    if country in AUTHORITIES:
        return AUTHORITIES[country]
    return Authority(*fallback[:2]) if fallback else None
