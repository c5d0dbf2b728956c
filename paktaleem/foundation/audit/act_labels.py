"""Translated names of ledger acts."""

from django.utils.translation import gettext

from paktaleem.foundation.audit.acts import ACT_NAMES


def get_act_name(kind: str) -> str:
    """Return the translated name of an act; for a kind that is no longer recorded, the kind itself."""
    return gettext(ACT_NAMES[kind]) if kind in ACT_NAMES else kind
