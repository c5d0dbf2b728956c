"""The linked services and the way to the page about cookies, on a client's public privacy page (policy §10 and §11)."""

from datetime import datetime
from typing import Any

from consent.cookies.selectors import list_links
from paktaleem.foundation.accounts.models import Client


def links_section(client: Client, at: datetime, language: str) -> dict[str, Any] | None:
    """Return the services that the platform links to, with their privacy policies; connected to ``public_sections``."""
    del at
    urdu = language == "ur"
    links = [
        {
            "name": one.name,
            "url": one.url,
            "policy_url": one.policy_url,
            "purpose": one.purpose_ur if urdu else one.purpose_en,
        }
        for one in list_links(client.pk)
    ]
    return {"template": "privacy/links.html", "links": links, "code": client.code}
