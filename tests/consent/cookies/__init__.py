"""Cookies, links and the banner."""
