"""Email over SMTP, with an empty envelope sender for automatic replies."""

from typing import Any

from django.core.mail.backends import smtp

NO_SENDER = "<>"
"""The empty envelope sender (RFC 5321, section 4.5.5): no failure report is sent back."""


class EmailBackend(smtp.EmailBackend):
    """Django's SMTP backend, which by itself refuses an empty envelope sender."""

    def prep_address(self, address: Any, *args: Any, **kwargs: Any) -> str:
        """Return the address for the envelope; empty for NO_SENDER. Raises ValueError for an invalid one."""
        if address == NO_SENDER:
            return ""
        prepared: str = super().prep_address(address, *args, **kwargs)
        return prepared
