"""The secrets of the demonstration, kept in a 0600 file: neither passwords nor keys can be read from the database."""

import json
import secrets
from dataclasses import asdict, dataclass, field
from pathlib import Path

from paktaleem.development.embedded.files import write_atomically

__all__ = ["Kept"]


@dataclass(slots=True)
class Kept:
    """What the demonstration must remember: passwords and second factors by mail address, API keys by client code."""

    path: Path
    passwords: dict[str, str] = field(default_factory=dict)
    api_keys: dict[str, str] = field(default_factory=dict)
    totp_secrets: dict[str, str] = field(default_factory=dict)
    webhook_secret: str = ""

    @classmethod
    def read(cls, path: Path) -> "Kept":
        """Read what is kept; nothing yet if there is no such file."""
        return cls(path, **json.loads(path.read_text())) if path.exists() else cls(path)

    def password_of(self, email: str) -> str:
        """Return the password of someone who signs in; a new one is kept before it is returned."""
        if email not in self.passwords:
            self.passwords[email] = secrets.token_urlsafe(12)
            self._write()
        return self.passwords[email]

    def keep_totp_secret(self, email: str, secret: str) -> None:
        """Keep the secret of someone's authenticator app; to be called before it is committed."""
        self.totp_secrets[email] = secret
        self._write()

    def keep_api_key(self, client_code: str, secret: str) -> None:
        """Keep the key of a client; to be called before its row is committed."""
        self.api_keys[client_code] = secret
        self._write()

    def keep_webhook_secret(self, secret: str) -> None:
        """Keep what the receiver verifies with; to be called before its row is committed."""
        self.webhook_secret = secret
        self._write()

    def _write(self) -> None:
        values = asdict(self)
        del values["path"]
        write_atomically(self.path, json.dumps(values, indent=2) + "\n")
