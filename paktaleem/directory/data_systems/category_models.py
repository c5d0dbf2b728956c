"""The extension point of the models that name categories of data, which are above data systems."""

from typing import Any

from django.db.models import Model

from paktaleem.foundation.extensions.points import ExtensionPoint

category_models: ExtensionPoint[type[Model] | Any] = ExtensionPoint(
    "systems.category_models", "Models with a client, a code and a name whose rows a system can hold."
)
