"""Evidence bundles: ZIP archives that can be checked offline, without a key or account. Pure.

``manifest.json`` lists the SHA-256 of each file; the manifest's own hash is in the ledger. Ledger entries are included
as exact canonical texts with their leaf hashes (RFC 8785, RFC 6962 §2.1).
"""

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from datetime import UTC, datetime

from paktaleem.foundation.audit.canonical import canonical, compute_leaf_hash

MANIFEST = "manifest.json"
LEDGER = "ledger.jsonl"
_MAX_BYTES = 200_000_000


class BundleBroken(ValueError):
    """The bundle was modified; the argument names the difference."""


def manifest_of(files: Mapping[str, bytes], about: Mapping[str, object]) -> bytes:
    """Return the manifest as canonical JSON: files with size and SHA-256 (hex), and what the bundle is about."""
    listed = [
        {"path": path, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        for path, content in sorted(files.items())
    ]
    return canonical({"about": dict(about), "files": listed})


def pack(files: Mapping[str, bytes], manifest: bytes, at: datetime) -> bytes:
    """Pack files and manifest into a ZIP; reproducible for the same content and time."""
    packed = io.BytesIO()
    moment = at.astimezone(UTC).timetuple()[:6]
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in [(MANIFEST, manifest), *sorted(files.items())]:
            archive.writestr(zipfile.ZipInfo(path, moment), content, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def check_bundle(packed: bytes) -> str:
    """Check every hash of a bundle, and return the manifest's, to be compared with the ledger. Raises BundleBroken."""
    files = _unpack(packed)
    manifest = files.pop(MANIFEST, None)
    if manifest is None:
        raise BundleBroken(f"{MANIFEST} is missing.")
    try:
        listed = {one["path"]: one["sha256"] for one in json.loads(manifest)["files"]}
    except (ValueError, KeyError, TypeError) as error:
        raise BundleBroken(f"{MANIFEST} is not a manifest.") from error
    for path in sorted(listed.keys() ^ files.keys()):
        raise BundleBroken(f"{path} is {'missing' if path in listed else 'not in the manifest'}.")
    for path, content in files.items():
        if hashlib.sha256(content).hexdigest() != listed[path]:
            raise BundleBroken(f"{path} was modified.")
    _check_ledger(files.get(LEDGER, b""))
    return hashlib.sha256(manifest).hexdigest()


def _unpack(packed: bytes) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(packed)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > _MAX_BYTES:
                raise BundleBroken("The unpacked content is too large.")
            return {name: archive.read(name) for name in archive.namelist()}
    except (zipfile.BadZipFile, zipfile.LargeZipFile, EOFError, NotImplementedError, RuntimeError) as error:
        raise BundleBroken("It is not a ZIP archive, or it is damaged.") from error


def _check_ledger(lines: bytes) -> None:
    for number, line in enumerate(lines.splitlines(), 1):
        try:
            entry = json.loads(line)
            same = compute_leaf_hash(entry["body"].encode()).hex() == entry["leaf_hash"]
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise BundleBroken(f"{LEDGER}, line {number}, is not an entry.") from error
        if not same:
            raise BundleBroken(f"{LEDGER}, line {number}: the leaf hash is not that of the entry.")
