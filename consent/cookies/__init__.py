"""Cookies and third-party links: registers, the banner, visitors' choices (policy §10 and §11)."""
