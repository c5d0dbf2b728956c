"""The secrets of the demonstration, stored in a 0600 file: the database holds passwords and keys only as hashes."""

import json
import secrets
from dataclasses import asdict, dataclass, field
from pathlib import Path

from paktaleem.development.embedded.files import write_atomically


@dataclass(slots=True)
class DemoSecrets:
    """Stored secrets: passwords and authenticator secrets by email address, API keys by client code."""

    path: Path
    passwords: dict[str, str] = field(default_factory=dict)
    api_keys: dict[str, str] = field(default_factory=dict)
    totp_secrets: dict[str, str] = field(default_factory=dict)
    webhook_secret: str = ""

    @classmethod
    def read(cls, path: Path) -> "DemoSecrets":
        """Read the file; empty if there is none."""
        return cls(path, **json.loads(path.read_text())) if path.exists() else cls(path)

    def password_of(self, email: str) -> str:
        """Return the password of a staff user; a new one is stored before it is returned."""
        if email not in self.passwords:
            self.passwords[email] = secrets.token_urlsafe(12)
            self._write()
        return self.passwords[email]

    def keep_totp_secret(self, email: str, secret: str) -> None:
        """Store the secret of an authenticator app; call before it is committed."""
        self.totp_secrets[email] = secret
        self._write()

    def keep_api_key(self, client_code: str, secret: str) -> None:
        """Store the API key of a client; call before its row is committed."""
        self.api_keys[client_code] = secret
        self._write()

    def keep_webhook_secret(self, secret: str) -> None:
        """Store the receiver's signing secret; call before its row is committed."""
        self.webhook_secret = secret
        self._write()

    def _write(self) -> None:
        values = asdict(self)
        del values["path"]
        write_atomically(self.path, json.dumps(values, indent=2) + "\n")
