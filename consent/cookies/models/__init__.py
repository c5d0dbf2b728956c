"""Models of cookies, the sites with the banner, visitors' choices, and linked services."""

from consent.cookies.models import choices, links, register
