"""Texts of allauth and Django on the sign-in pages, listed for translation into Urdu.

Only the message catalogue uses them (``tools/messages.py``). ``tests/signin/test_in_urdu.py`` finds missing ones.
"""

from django.utils.translation import gettext_noop, ngettext


def library_texts() -> list[str]:
    """Return labels, re-authentication methods, key names and error messages."""
    return [
        gettext_noop("Email"),
        gettext_noop("Email address"),
        gettext_noop("Password"),
        gettext_noop("New Password"),
        gettext_noop("New Password (again)"),
        gettext_noop("Old password"),
        gettext_noop("New password"),
        gettext_noop("New password confirmation"),
        gettext_noop("Code"),
        gettext_noop("Authenticator code"),
        gettext_noop("Use your password"),
        gettext_noop("Use authenticator app or code"),
        gettext_noop("Use a security key"),
        gettext_noop("Master key"),
        gettext_noop("Backup key"),
        gettext_noop("Key nr. {number}"),
        gettext_noop("This field is required."),
        gettext_noop("Enter a valid email address."),
        gettext_noop("Incorrect code."),
        gettext_noop("Incorrect password."),
        gettext_noop("The email address and/or password you specified are not correct."),
        gettext_noop("This account is currently inactive."),
        gettext_noop("Too many failed login attempts. Try again later."),
        gettext_noop("Be patient, you are sending too many requests."),
        gettext_noop("You must type the same password each time."),
        gettext_noop("The two password fields didn’t match."),
        gettext_noop("Your old password was entered incorrectly. Please enter it again."),
        gettext_noop("This password is too common."),
        gettext_noop("The password is too similar to the %(verbose_name)s."),
        gettext_noop("Toggle theme (current theme: auto)"),
        gettext_noop("Toggle theme (current theme: light)"),
        gettext_noop("Toggle theme (current theme: dark)"),
        gettext_noop("Skip to main content"),
        gettext_noop("Forgot your password?"),
        gettext_noop("You cannot deactivate two-factor authentication."),
        gettext_noop("You cannot generate recovery codes without having two-factor authentication enabled."),
        gettext_noop("Your password can’t be too similar to your other personal information."),
        gettext_noop("Your password can’t be a commonly used password."),
        gettext_noop("Enter the same password as before, for verification."),
    ]


def password_length_texts(least: int) -> list[str]:
    """Return the texts about the minimum length of a password, in characters."""
    return [
        ngettext(
            "This password is too short. It must contain at least %d character.",
            "This password is too short. It must contain at least %d characters.",
            least,
        )
        % least,
        ngettext(
            "Your password must contain at least %(min_length)d character.",
            "Your password must contain at least %(min_length)d characters.",
            least,
        )
        % {"min_length": least},
    ]
