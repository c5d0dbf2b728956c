"""The released script: its file never changes, and is what the console's element names."""

import base64
import hashlib
import re
from pathlib import Path

from django.contrib.staticfiles.finders import find
from django.test import Client

from consent.cookies.banner import INTEGRITY, SCRIPT, get_script_path, render_tag


def read_script() -> bytes:
    return Path(str(find(SCRIPT))).read_bytes()


def compute_integrity(content: bytes) -> str:
    return "sha384-" + base64.b64encode(hashlib.sha384(content).digest()).decode()


def test_the_script_is_still_the_released_one():
    assert compute_integrity(read_script()) == INTEGRITY


def test_the_licence_of_the_library_travels_with_the_script():
    text = read_script().decode()
    assert "MIT License" in text[:600]
    assert "Orest Bida" in text[:600]


def test_the_script_needs_no_inline_code_or_style():
    text = read_script().decode()
    assert not re.search(r"\beval\(|new Function|\.style\.|setAttribute\(.style|createElement\(.style", text)


def test_the_element_names_a_file_that_other_sites_may_read(db):
    tag = render_tag("site_1")
    address, integrity = (re.findall(rf'{name}="([^"]+)"', tag)[0] for name in ("src", "integrity"))
    assert address == "https://testserver" + get_script_path()
    answer = Client().get(get_script_path())
    assert answer.status_code == 200
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert compute_integrity(answer.getvalue()) == integrity
    assert 'data-site="site_1"' in tag
    assert 'data-child="yes"' in tag
