"""The Containerfile: an image is built from it, and its command serves the portal (``make test-container``).

No registry of images is needed: mmdebstrap makes the base of Debian packages, in the place of python:3.13-slim, and
buildah builds and runs with chroot isolation, which needs no container runtime and no network of its own. It takes some
minutes and fetches Debian and Python packages, so it is in none of the other targets.
"""

import json
import os
import resource
import shutil
import ssl
import subprocess
import time
from pathlib import Path

import pytest

from paktaleem.office.demo.supervision import running
from tests.demo.running import PATIENCE, free_port
from tests.serving import KILLED_SERVER, call, environment_of_server, is_alive

ROOT = Path(__file__).resolve().parents[2]
TOOLS = {name: shutil.which(name) for name in ("buildah", "mmdebstrap")}
BASE = """FROM scratch
ADD base.tar /
ENV PIP_IGNORE_INSTALLED=1 PIP_BREAK_SYSTEM_PACKAGES=1
"""
PACKAGES = "python3,python3-pip,python-is-python3,ca-certificates"
TOKEN = "a token that only the monitoring of this test knows"

pytestmark = pytest.mark.skipif(not all(TOOLS.values()), reason="buildah or mmdebstrap is not installed")


def run(*words):
    done = subprocess.run(words, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, f"{' '.join(words)}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
    return done.stdout.strip()


def isolated():
    limits = {"nofile": resource.RLIMIT_NOFILE, "nproc": resource.RLIMIT_NPROC}
    hard = {name: resource.getrlimit(limit)[1] for name, limit in limits.items()}
    return ["--isolation", "chroot", *(f"--ulimit={name}={most}:{most}" for name, most in hard.items() if most >= 0)]


def packages_as_here():
    bundle = os.environ.get("PIP_CERT") or ssl.get_default_verify_paths().cafile
    files = {"/etc/pip.conf": "/etc/pip.conf", bundle: "/etc/ssl/certs/ca-certificates.crt"}
    return [f"--volume={file}:{inside}:ro" for file, inside in files.items() if file and Path(file).exists()]


@pytest.fixture
def buildah(tmp_path):
    folders = ["--root", str(tmp_path / "images"), "--runroot", str(tmp_path / "run")]
    start = [str(TOOLS["buildah"]), *folders, "--storage-driver", "vfs"]
    yield start
    run(*start, "rm", "--all")


@pytest.fixture
def container(buildah, tmp_path):
    folder = tmp_path / "base"
    folder.mkdir()
    (folder / "Containerfile").write_text(BASE)
    run(str(TOOLS["mmdebstrap"]), "--variant=minbase", f"--include={PACKAGES}", "trixie", str(folder / "base.tar"))
    run(*buildah, "build", *isolated(), "--tag", "localhost/base", str(folder))
    source = ["--build-arg=BASE=localhost/base", "--pull=never", "--file", "docs/deploy/Containerfile"]
    run(*buildah, "build", *isolated(), *packages_as_here(), *source, "--tag", "localhost/paktaleem", str(ROOT))
    container = run(*buildah, "from", "--pull=never", *isolated(), "localhost/paktaleem")
    return container, json.loads(run(*buildah, "inspect", container))["OCIv1"]["config"]


def test_the_image_is_built_and_serves_the_portal(committed, buildah, container, tmp_path):
    name, config = container
    assert config["User"] == "paktaleem"
    [address] = config["ExposedPorts"]
    port = free_port()
    # The tests' own PostgreSQL is not durable, so the portal itself refuses to start on it.
    replaced = {address.partition("/")[0]: str(port)}
    command = [*(replaced.get(word, word) for word in config["Cmd"]), "--application", KILLED_SERVER]
    values = {**environment_of_server(), "METRICS_TOKEN": TOKEN, "LOG_FORMAT": "json"}
    given = [f"--env={key}={value}" for key, value in values.items()]
    mounts = [f"--volume={ROOT / 'tests'}:/srv/paktaleem/tests:ro"]
    start = [*buildah, "run", "--isolation=chroot", *given, *mounts, name, "--", *command]
    with running([("container", start)], tmp_path / "logs") as [web]:
        ends_at = time.monotonic() + PATIENCE
        while not is_alive(port):
            web.check()
            assert time.monotonic() < ends_at
            time.sleep(0.05)
        assert call(port, "GET", "/readyz")[0] == 200
        status, _, page = call(port, "GET", "/admin/login/")
        assert (status, b"login-form" in page) == (200, True)
        assert call(port, "GET", "/metrics", Authorization=f"Bearer {TOKEN}")[0] == 200
