"""Template tags of the sign-in pages."""

import json

from django import template
from django.core.serializers.json import DjangoJSONEncoder

from paktaleem.foundation.console.translation import get_other_language

register = template.Library()


@register.filter
def as_json(value: object) -> str:
    """Serialize a value as JSON for a data attribute; the template escapes it."""
    return json.dumps(value, cls=DjangoJSONEncoder)


register.simple_tag(get_other_language, name="other_language")
