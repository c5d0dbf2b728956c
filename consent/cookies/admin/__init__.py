"""Console pages of cookies and links."""

from consent.cookies.admin import choices, cookies, dashboard, links
