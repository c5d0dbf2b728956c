"""Console pages of the breach register."""

from retention.breaches.admin import breaches, closings, dashboard, work
