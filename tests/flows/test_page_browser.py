"""The page in real Chromium: no error, no request to anywhere, readable in both modes and by everybody."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, sync_playwright
from playwright.sync_api import Page as Tab

from flows.page.addresses import board_folder, slug
from flows.settings import ROOT
from tests.flows.paged import SHOWN, small_site

PHONE, DESK = (390, 844), (1280, 900)
SHOTS = Path(os.environ.get("PHOTOFINISH_SCREENSHOTS", ROOT / "build" / "screenshots"))
CLOSE, TASKS = (f"{board_folder(board)}/index.html" for board in ("made/close", "made/tasks"))
KINDS = ["index.html", CLOSE, TASKS, f"models/{slug(SHOWN)}/index.html", "models/index.html",
         "changes/index.html"]  # fmt: skip
KEPT = {"index.html": "front", CLOSE: "board", TASKS: "tasks"}
"""Pages of which pictures are kept, and their names."""

pytestmark = pytest.mark.slow


@dataclass
class Watch:
    """What a tab complained of, and what it asked for."""

    tab: Tab
    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_site(tmp_path_factory.mktemp("browser"))[1].folder


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    found = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if not found:
        pytest.skip("no Chromium here: `apt-get install chromium`, or name one with CHROMIUM=PATH")
    with sync_playwright() as player:
        opened = player.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield opened
        opened.close()


def watched(browser: Browser, size: tuple[int, int], mode: str, **more: Any) -> Watch:
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme=mode,  # type: ignore[arg-type]
        **more,
    )
    watch = Watch(context.new_page())
    watch.tab.on("console", lambda message: watch.said.append(message.text))
    watch.tab.on("pageerror", lambda error: watch.said.append(str(error)))
    watch.tab.on("requestfailed", lambda request: watch.said.append(request.url))
    watch.tab.on("dialog", lambda dialog: watch.said.append(f"dialog: {dialog.message}"))
    watch.tab.on("request", lambda request: watch.asked.append(request.url))
    return watch


def test_every_page_opens_without_an_error_or_a_request_to_another_place(
    browser: Browser, site: Path
) -> None:
    watch = watched(browser, DESK, "light")
    pages = sorted(site.rglob("*.html"))
    for page in pages:
        watch.tab.goto(page.as_uri())
    assert watch.said == []
    assert [url for url in watch.asked if not url.startswith(("file://", "data:"))] == []
    assert len(watch.asked) >= 3 * len(pages), "each with its style and script"
    watch.tab.context.close()


@pytest.mark.parametrize(("mode", "size"), [("light", DESK), ("dark", PHONE)])
def test_axe_finds_nothing_serious(
    browser: Browser, site: Path, mode: str, size: tuple[int, int]
) -> None:
    found = []
    watch = watched(browser, size, mode)
    for page in KINDS:
        watch.tab.goto((site / page).as_uri())
        watch.tab.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        # Without preload: axe would ask for the style sheet by script, which the page forbids.
        # And of what is well it names one element: it would be megabytes.
        options = {"preload": False, "resultTypes": ["violations"]}
        answer = Axe().run(watch.tab, options=options).response
        found += [
            (page, one["id"], one["nodes"][0]["html"][:120])
            for one in answer["violations"]
            if one["impact"] in ("serious", "critical")
        ]
    watch.tab.context.close()
    assert found == []


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_no_page_scrolls_sideways_and_pictures_of_it_are_kept(
    browser: Browser, site: Path, mode: str
) -> None:
    SHOTS.mkdir(parents=True, exist_ok=True)
    for name, size in (("phone", PHONE), ("desktop", DESK)):
        watch = watched(browser, size, mode)
        for page in KINDS:
            watch.tab.goto((site / page).as_uri())
            excess = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            assert watch.tab.evaluate(excess) <= 0, (page, size)
            if what := KEPT.get(page):
                watch.tab.screenshot(path=SHOTS / f"{what}-{name}-{mode}.png", full_page=True)
        watch.tab.context.close()


def test_the_page_can_be_read_without_scripts(browser: Browser, site: Path) -> None:
    watch = watched(browser, PHONE, "light", java_script_enabled=False)
    watch.tab.goto((site / "index.html").as_uri())
    assert watch.tab.inner_text("h1") == "1 of 8 boards is a photo finish"
    first = watch.tab.locator(".card").first
    assert "Photo finish: 2 models within noise" in first.inner_text()
    assert first.locator("circle").count() == 10
    assert first.locator(".track .bar").first.bounding_box() is not None
    watch.tab.context.close()


def test_the_page_can_be_used_with_a_keyboard(browser: Browser, site: Path) -> None:
    watch = watched(browser, DESK, "light")
    watch.tab.goto((site / "index.html").as_uri())
    watch.tab.keyboard.press("Tab")
    assert watch.tab.evaluate("document.activeElement.textContent") == "To the content"
    assert watch.tab.evaluate("document.activeElement.getBoundingClientRect().left >= 0")
    past = watch.tab.locator("summary").first
    past.focus()
    watch.tab.keyboard.press("Enter")
    assert watch.tab.locator("details[open]").count() == 1
    watch.tab.context.close()


def test_a_table_is_sorted_by_its_heads_numbers_as_numbers(browser: Browser, site: Path) -> None:
    watch = watched(browser, DESK, "light")
    watch.tab.goto((site / TASKS).as_uri())
    scores = (
        "[...document.querySelectorAll('.whole tbody tr')].map(row => row.cells[3].textContent)"
    )
    original = watch.tab.evaluate(scores)
    head = watch.tab.locator(".whole thead th", has_text="Score")
    head.locator("button").click()
    head.locator("button").click()
    assert head.get_attribute("aria-sort") == "ascending"
    numbers = [float(text.replace(",", "")) for text in watch.tab.evaluate(scores)]
    assert numbers == sorted(numbers)
    assert numbers[::10] == [10, 100], "not in the order of their letters"
    head.locator("button").click()
    assert watch.tab.evaluate(scores) == original
    watch.tab.context.close()


def test_the_colours_follow_the_mode(browser: Browser, site: Path) -> None:
    seen = {}
    for mode in ("light", "dark"):
        watch = watched(browser, DESK, mode)
        watch.tab.goto((site / CLOSE).as_uri())
        ink = "getComputedStyle(document.querySelector('.chart text')).fill"
        paper = "getComputedStyle(document.body).backgroundColor"
        seen[mode] = (watch.tab.evaluate(ink), watch.tab.evaluate(paper))
        watch.tab.context.close()
    assert seen["light"][0] != seen["dark"][0]
    assert seen["light"][1] != seen["dark"][1]
    assert "rgb(0, 0, 2)" not in (seen["light"][0], seen["dark"][0]), "a stand-in was left"


def test_a_page_cannot_ask_another_host_even_if_something_got_into_it(
    browser: Browser, site: Path
) -> None:
    watch = watched(browser, DESK, "light")
    watch.tab.goto((site / CLOSE).as_uri())
    failed: dict[str, str | None] = {}
    watch.tab.on("requestfailed", lambda r: failed.update({r.url: r.failure}))
    watch.asked.clear()
    watch.tab.evaluate(
        """async () => {
            for (const tag of ["img", "script", "iframe"]) {
                const element = document.createElement(tag);
                element.src = "https://example.invalid/" + tag;
                document.body.append(element);
            }
            const inline = document.createElement("script");
            inline.textContent = "document.title = 'taken'";
            document.body.append(inline);
            await fetch("https://example.invalid/fetch").catch(() => 0);
        }"""
    )
    # Chromium tells of each attempt, also of those that the page's policy ended before they began.
    assert set(watch.asked) == set(failed)
    assert set(failed.values()) == {"csp"}
    assert watch.tab.title() == "A close race: Photo finish: 2 models within noise"
    watch.tab.context.close()
