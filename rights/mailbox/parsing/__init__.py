"""Parsing of emails, which are hostile until shown otherwise, in a limited process of its own."""
