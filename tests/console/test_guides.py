"""The guide in the console: the chapters of docs/, with a link to the right one on every page."""

import re

import pytest

from paktaleem.foundation.console.guides import CHAPTERS, list_headings, render_chapter
from paktaleem.foundation.console.site import site
from tests.cast import Cast
from tests.console.pages import refused_by_policy
from tests.project.test_console_in_urdu import english_in, in_urdu
from tests.signing_in import browser_of

ID = re.compile(r'<h\d id="([^"]+)"')
LINK = re.compile(r'<a href="([^"]+)"')


def ids_of(chapter: str) -> set[str]:
    return set(ID.findall(render_chapter(chapter)))


def test_every_section_of_the_menu_has_a_heading_that_explains_it() -> None:
    assert {section.code for section in site.sections if section.help not in ids_of("console")} == set()


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_a_chapter_breaks_no_policy_and_its_links_lead_somewhere(chapter: str) -> None:
    html = render_chapter(chapter)
    assert refused_by_policy(html) == []
    assert "<img" not in html
    for url in LINK.findall(html):
        path, _, place = url.partition("#")
        target = path.removeprefix("/admin/help/").rstrip("/") or chapter
        assert url.startswith("https://") or not place or place in ids_of(target), url
    assert [name for name, _ in list_headings(chapter)] == re.findall(r'<h2 id="([^"]+)"', html)


def test_no_html_of_a_chapter_is_served_as_html(tmp_path, settings) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "harm.md").write_text("# Title\n\n<script>alert(1)</script> [x](javascript:alert(1))\n")
    settings.BASE_DIR = tmp_path
    html = render_chapter("harm")
    assert "<script" not in html
    assert "href" not in html


def test_help_leads_to_the_heading_of_the_page(cast: Cast) -> None:
    officer, client = browser_of(cast.user("amina")), browser_of(cast.user("farah"))
    for reader in (officer, client):
        assert 'href="/admin/help/console/#people"' in reader.get("/admin/subjects/subject/").content.decode()
        assert 'href="/admin/help/console/"' in reader.get("/admin/").content.decode()
        assert "The console, for officers and administrators" in reader.get("/admin/help/console/").content.decode()
    assert officer.get("/admin/help/contributing/").status_code == 404


def test_the_frame_of_a_chapter_is_in_urdu_and_says_that_the_chapter_is_in_english(cast: Cast) -> None:
    answer = in_urdu(cast, "farah").get("/admin/help/console/")
    assert english_in(answer, "help") == []
    assert "یہ باب انگریزی میں ہے۔" in answer.content.decode()
    assert 'lang="en" dir="ltr"' in answer.content.decode()
