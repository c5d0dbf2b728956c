"""Rights requests in the console."""

from rights.requests.admin import requests
