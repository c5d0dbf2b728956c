"""The register, notices, agreements and consents in the console."""

from consent.admin import agreements, announcements, board, consents, evidence, notices, people, register, timeline

__all__ = ["agreements", "announcements", "board", "consents", "evidence", "notices", "people", "register", "timeline"]
