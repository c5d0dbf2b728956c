"""The released script: its file is what the parts build, never changes, and is what the console's element names."""

import re

from django.test import Client

from consent.cookies.banner import CURRENT, RELEASES, get_script_path, render_tag
from tools.banner import STATIC, build, compute_integrity


def test_every_released_file_is_still_the_released_one():
    files = {path.stem.removeprefix("banner-"): path.read_bytes() for path in STATIC.glob("banner-*.js")}
    assert {version: compute_integrity(content) for version, content in files.items()} == RELEASES


def test_the_current_version_is_built_from_its_parts():
    assert build() == (STATIC / f"banner-{CURRENT}.js").read_bytes()


def test_the_licence_of_the_library_travels_with_the_script():
    text = build().decode()
    assert "MIT License" in text[:600]
    assert "Orest Bida" in text[:600]


def test_the_script_needs_no_inline_code_or_style():
    text = build().decode()
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
