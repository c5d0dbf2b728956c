"""The register, notices, agreements and consents in the console."""

from consent.admin import agreements, board, consents, notices, people, register, timeline

__all__ = ["agreements", "board", "consents", "notices", "people", "register", "timeline"]
