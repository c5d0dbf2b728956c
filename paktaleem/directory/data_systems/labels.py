"""Why an order does not apply to a system, in words."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from paktaleem.directory.data_systems.states import ON_HOLD, PERSON_ERASED, Exemption

EXEMPTION_LABELS: Mapping[str, Any] = {
    Exemption.HOLDS_NONE.value: _("It holds none of these data about anyone"),
    Exemption.LEGAL_DUTY.value: _("A law requires that it be kept"),
    Exemption.LEGAL_HOLD.value: _("Needed for a claim or an inquiry"),
    Exemption.NOT_PERSONAL.value: _("The remaining data no longer identifies the person"),
    Exemption.IMPOSSIBLE.value: _("The system is not able to do it"),
    ON_HOLD: _("A hold recalled the order"),
    PERSON_ERASED: _("The person was erased before the system answered"),
}
"""The words by the code of the answer."""
