"""Console pages of rectifications: acts and panels on a request and on a person's page."""

from rights.rectifications.admin import panels, person, requests, roles
