"""Notices to data subjects, their versions, announcements and effect."""
