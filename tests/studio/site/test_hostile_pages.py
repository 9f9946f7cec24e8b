"""What the people and things of a run are called and say stays text on every page about them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest

from retailsim.sim.folder.run_keys import key_of
from tests.browser import Watch
from tests.studio.hostile import NAME, hostile_runs
from tests.studio.kinds import each_kind
from tests.studio.server import shown

pytestmark = pytest.mark.slow

FOREIGN = """() => [...document.querySelectorAll("*")].filter(one =>
    one.localName === "script" && !one.src.startsWith(location.origin + "/static/")
    || ["img", "iframe", "object", "embed", "base"].includes(one.localName)
    || [...one.attributes].some(its => its.name.startsWith("on"))
    || one.href && !/^https?:$/.test(new URL(one.href.baseVal ?? one.href, location).protocol)
  ).map(one => one.outerHTML.slice(0, 200))"""
"""What no page of the studio has, so that whoever finds it has found somebody's text at work."""

KEYS = {"a": key_of(Path(NAME)), "b": key_of(Path(f"~{NAME}"))}
COMPARED = f"compare?{urlencode(KEYS)}"
PLANT = "html => document.body.insertAdjacentHTML('beforeend', html)"


@pytest.fixture(scope="module")
def link(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("hostile")
    hostile_runs(folder)
    with shown(folder) as link:
        yield link


@pytest.mark.parametrize("width", [1280, 390])
def test_hostile_text_stays_text_on_every_page(watch: Watch, link: str, width: int) -> None:
    page = watch.page
    page.set_viewport_size({"width": width, "height": 900})
    seen = 0
    for kind in each_kind(page, link, COMPARED):
        assert watch.faults() == [], kind
        assert page.evaluate(FOREIGN) == [], kind
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, kind
        seen += NAME in page.locator("body").inner_text()
    assert seen > 2


def test_a_planted_element_is_found(watch: Watch, link: str) -> None:
    watch.page.goto(link)
    for planted in (
        "<img alt=x>",
        "<p onclick=x>",
        "<a href='javascript:x'>",
        "<script>x</script>",
    ):
        watch.page.evaluate(PLANT, planted)
        assert len(watch.page.evaluate(FOREIGN)) == 1, planted
        watch.page.evaluate("document.body.lastElementChild.remove()")
    assert len(watch.faults()) == 1, "the policy refuses the one that would run at once"
