"""Maintenance of the job queue by the worker."""
