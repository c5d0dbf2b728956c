"""Console pages of the breach register."""

from retention.breaches.admin import breaches, forms
