"""The extension point for sections that apps above add to a client's public privacy page."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.operations.extensions import ExtensionPoint

type PublicSection = Callable[[Client, datetime, str], dict[str, Any] | None]
"""Takes the client, the time and the language, ``en`` or ``ur``; returns a template and its values, or None."""

public_sections: ExtensionPoint[PublicSection] = ExtensionPoint(
    "consent.public_sections", "Sections of every client's public privacy page, the same for all readers."
)
