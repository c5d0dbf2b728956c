"""How histories say the age of a person in words."""

from datetime import datetime

from django.utils.translation import gettext as _

from paktaleem.directory.people.details import ADULT_SENTINEL
from paktaleem.foundation.console.columns import moment
from paktaleem.foundation.console.field_words import FieldWords, field_words


def describe_threshold(at: datetime) -> str:
    """Return when a person reaches the age of consent, or that they are of age."""
    return _("Of age") if at == ADULT_SENTINEL else moment(at)


field_words.connect(FieldWords("subjects.subject", frozenset({"of_age_at"}), describe_threshold))
