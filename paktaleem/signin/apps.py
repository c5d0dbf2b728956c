"""Signing in."""

from django.apps import AppConfig


class SigninConfig(AppConfig):
    """Sign-in with django-allauth and django-axes, fitted to the wall."""

    name = "paktaleem.signin"
    label = "signin"
