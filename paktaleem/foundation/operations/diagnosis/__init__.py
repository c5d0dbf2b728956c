"""Whether everything that a deployment needs is in order: ``manage.py doctor``."""
