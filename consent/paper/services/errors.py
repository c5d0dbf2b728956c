"""Errors of settling a row of the queue, with their sentences in the console."""

from paktaleem.foundation.errors import PortalError


class NotMatched(PortalError):
    """The row is not matched, so it cannot be confirmed."""

    console_message = "The row is no longer matched: check it again."


class AlreadySettled(PortalError):
    """The row is already confirmed, dismissed or expired."""

    console_message = "The row has already been settled."


class NotForGuardians(PortalError):
    """No guardian answered the row on a form for guardians."""

    console_message = "The row is not a guardian's answer on a form for guardians."


class NameDiffers(PortalError):
    """The second person read another name on the form than the first."""

    console_message = (
        "The name is not the one that was entered before: look at the form again, or enter the guardian anew."
    )


class NothingToRecord(PortalError):
    """No answer of the row can be recorded; the argument is the problem."""

    console_message = (
        "No answer of this row can be recorded: consents that have since ended, notices that have changed, and answers "
        "of guardians or children are left out. Dismiss the row, and ask again."
    )


class CodeUnknown(PortalError, LookupError):
    """No form of this client has this code."""

    console_message = "No form of this client has this code."
