"""The page without a browser: its numbers, its words, its addresses, its files."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import duckdb
import polars as pl
import pytest
from click.testing import CliRunner

from flows import pipeline
from flows.cli import cli
from flows.page import charts, moves, sentences, write
from flows.page.addresses import addresses, board_folder, slug
from flows.page.finish import finish_line, rank_path, sparkline
from flows.page.site import Published, publish_site
from flows.page.words import day, digits, link, score, signed
from flows.settings import Settings
from tests import homes
from tests.conftest import MakeWarehouse
from tests.flows.paged import EVIL, LAST, SHOWN, Page, boards, land, make, noisy, small_site
from tests.sql.test_rescalings import listing, walk
from warehouse import page_board
from warehouse.reader import NothingPublished


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, Published]:
    return small_site(tmp_path_factory.mktemp("page"))


@pytest.fixture(scope="module")
def root(made: tuple[Settings, Published]) -> Path:
    return made[1].folder


@pytest.fixture(scope="module")
def pages(root: Path) -> dict[str, Page]:
    return {str(path.relative_to(root)): Page(path) for path in root.rglob("*.html")}


def of(pages: Mapping[str, Page], board: str) -> Page:
    return pages[f"{board_folder(board)}/index.html"]


def test_the_front_page_says_at_once_which_boards_are_photo_finishes(
    pages: dict[str, Page],
) -> None:
    text = pages["index.html"].text
    # close is live and tied; clear leads; tasks, slow, alone, nought and the odd one publish no noise.
    assert "1 of 8 boards is a photo finish" in text
    strip = text.split("Newest data")[1].split("human preference")[0]
    tied, clear, unknown = re.split(r"Clear lead \d|Noise unknown \d", strip)
    assert "A close race" in tied
    assert "A clear race" in clear
    assert "An old race" in clear
    assert "Tasks & <b>markup</b>" in unknown


def test_a_board_that_is_old_is_set_apart_and_says_when_it_was_last_seen(
    pages: dict[str, Page],
) -> None:
    live, past = pages["index.html"].text.split("Not current")
    assert "A past race" not in live
    assert "An unmoved race" not in live, "seen today, and the same for nine months"
    assert "Last seen 8 Mar 2025" in past
    assert "Last seen 1 Jun 2024" in past
    text = of(pages, "made/past").text
    assert "Last seen 1 Jun 2024. It has not been seen, or not changed, for long." in text
    assert "When it last changed, on 1 Jun 2024, ada was first of 2 models" in text


def test_the_same_race_told_by_another_source_is_linked_and_not_counted_again(
    pages: dict[str, Page],
) -> None:
    front = pages["index.html"].text
    assert front.count("Also recorded: mirror/close") == 1
    assert front.split("Newest data")[1].split("human preference")[0].count("A close race") == 1
    assert (
        "The same race is told by made/close , which is the one" in of(pages, "mirror/close").text
    )


def test_the_numbers_of_a_board_page_are_those_of_what_was_landed(pages: dict[str, Page]) -> None:
    page = of(pages, "made/close")
    landed = [row for name, rows, _ in boards()[LAST] if name == "made/close" for row in rows]
    whole = page.rows[-len(landed) :]
    assert [(row[1], row[3], row[4]) for row in whole] == [
        (
            row["model_raw"].replace(EVIL, SHOWN),
            f"{row['score']:,.0f}",
            f"{row['ci_low']:,.0f} to {row['ci_high']:,.0f}",
        )
        for row in landed
    ]
    # ada 1501, the second 1500, the tenth of twelve 1420: 1/1500 and 81/1420.
    assert f"ada is 1 point, {100 / 1500:.2f}% ahead of the second, {SHOWN}, on" in page.text
    assert f"ada is {100 * 81 / 1420:.2f}% ahead of the tenth" in page.text
    assert "Photo finish: 2 models within noise" in page.text


def test_the_numbers_of_every_finish_line_equal_the_database(
    made: tuple[Settings, Published], pages: dict[str, Page]
) -> None:
    with duckdb.connect(str(made[0].published), read_only=True) as db:
        rows = db.execute(
            "select board, rank, model, score from core.entries where current and position <= 10 "
            "and task = 'overall' qualify as_of = max(as_of) over (partition by board) "
            "order by board, position"
        ).fetchall()
        gaps = db.execute(
            "select board, gap_1_2_pct, gap_1_10_pct from metrics.gap_history where task = 'overall' "
            "qualify as_of = max(as_of) over (partition by board)"
        ).fetchall()
    front = pages["index.html"].path.read_text()
    for board, second, tenth in gaps:
        if board == "mirror/close":
            continue
        card = front.split(f'id="{board.replace("/", "-")}"')[1].split("</article>")[0]
        shown = re.findall(r"<dd>([\d.]+%|–)</dd>", card)
        told = ["–" if gap is None else f"{gap:.2f}%" for gap in (second, tenth)]
        assert shown == told[: len(shown)], board
    for board in {row[0] for row in rows}:
        expected = [(str(r), model, value) for b, r, model, value in rows if b == board]
        found = [row for row in of(pages, board).rows if len(row) == 4][1 : len(expected) + 1]
        told = [(r[0], r[1], float(r[3].replace(",", ""))) for r in found]
        assert told == expected, board


def test_what_changed_is_told_with_its_cause(pages: dict[str, Page]) -> None:
    text = pages["index.html"].text
    assert "The gap between 1st and 10th fell from 5.77% to 5.70% between 2025-03-01 and" in text
    assert "The models moved, not the list." in text


def test_the_data_beside_a_page_are_the_same_in_every_format(root: Path) -> None:
    folder = root / board_folder("made/close")
    for name in ("gaps", "steps", "ranks", "table"):
        told = json.loads((folder / f"{name}.json").read_text())
        assert pl.read_parquet(folder / f"{name}.parquet").height == len(told)
        assert pl.read_csv(folder / f"{name}.csv").height == len(told)
        meta = json.loads((folder / f"{name}.meta.json").read_text())
        assert [column["name"] for column in meta["columns"]] == list(told[0])
        assert [c["name"] for c in meta["columns"] if not c["meaning"]] == []
    gaps = pl.read_parquet(folder / "gaps.parquet")
    assert gaps["gap_1_2"].to_list() == [40.0, 30.0, 2.0, 1.0]


def test_a_tie_says_what_it_costs(pages: dict[str, Page]) -> None:
    text = of(pages, "made/close").text
    assert f"the cheapest with a known price is {SHOWN} at 0.9 USD per million tokens" in text
    assert "the leader at 9.00 (10.0 times as much)" in text


def test_tasks_are_a_heat_map_in_which_a_saturated_task_is_bright_from_top_to_bottom(
    root: Path, pages: dict[str, Page]
) -> None:
    page = of(pages, "made/tasks")
    [heads] = [row for row in page.rows if row[0] == "Model" and "Profile" in row]
    assert heads == ["Model", "odd", "hard", "easy ●", "Profile"]
    source = (root / board_folder("made/tasks") / "index.html").read_text()
    table = source.split('<table class="heat')[1].split("</table>")[0]
    lines = re.findall(r"<tr><th scope=\"row\"><a.*?</tr>", table, re.S)
    levels = [re.findall(r'<td class="h(\d)">', line) for line in lines]
    assert len(levels) == 11
    assert {line[2] for line in levels} == {"6"}
    assert len({line[1] for line in levels}) > 3
    assert "1 task of 3 on Tasks & <b>markup</b> is saturated" in page.text


def test_where_no_noise_is_published_no_tie_is_made_up(pages: dict[str, Page]) -> None:
    page = of(pages, "made/slow")
    assert "Noise unknown" in page.text
    assert "tied" not in {attrs.get("class") for tag, attrs in page.tags if tag == "tr"}
    assert "nobody can say whether the lead on made/slow is real" in page.text


def test_a_board_of_one_and_a_score_of_nought_have_pages_too(pages: dict[str, Page]) -> None:
    assert "there is one model only on made/alone, so no race" in of(pages, "made/alone").text
    assert "The first to second" not in of(pages, "made/nought").text


def test_a_name_that_is_markup_stays_text(root: Path, pages: dict[str, Page]) -> None:
    shown = 0
    for name, page in pages.items():
        source = page.path.read_text()
        shown += source.count("&lt;script&gt;alert")
        assert "<script>alert" not in source
        kinds = [
            (a.get("src") or "").split("/")[-1] or a.get("type")
            for t, a in page.tags
            if t == "script"
        ]
        assert set(kinds) <= {"site.js", "application/ld+json"}, name
        handlers = [a for _, attrs in page.tags for a in attrs if a.startswith("on")]
        assert handlers == [], name
        assert not {tag for tag, _ in page.tags} & {"b-", "iframe", "object", "embed", "base"}
    assert shown > 10, "in tables, sentences, charts and titles"
    assert "<b>markup</b>" not in "".join(p.path.read_text() for p in pages.values()).replace(
        "\\u003cb\\u003e", ""
    )
    assert SHOWN in pages[f"models/{slug(SHOWN)}/index.html"].text
    assert f"A {EVIL} of a title" in of(pages, "made/odd").text
    assert "&lt;script&gt;alert(1)" in (root / "feed.xml").read_text()


def test_every_link_leads_to_something(root: Path, pages: dict[str, Page]) -> None:
    seen = 0
    for name, page in pages.items():
        for address in page.values("a", "href") + page.values("link", "href"):
            parts = urlsplit(address)
            if parts.scheme:
                assert parts.scheme in ("https", "http", "data"), address
                continue
            seen += 1
            target = (page.path.parent / unquote(parts.path)).resolve() if parts.path else page.path
            assert target.is_file(), f"{name}: {address}"
            assert target.is_relative_to(root.resolve())
            if parts.fragment:
                other = pages[str(target.relative_to(root.resolve()))]
                assert unquote(parts.fragment) in other.ids, f"{name}: {address}"
    assert seen > 100


def test_every_address_on_a_page_is_there_once(pages: dict[str, Page]) -> None:
    for name, page in pages.items():
        assert len(page.ids) == len(set(page.ids)), name
        assert page.values("main", "id") == ["main"]
        assert [a.get("lang") for tag, a in page.tags if tag == "html"] == ["en"]


def test_each_claim_has_an_address_a_caution_and_an_advice(pages: dict[str, Page]) -> None:
    page = of(pages, "made/close")
    for fragment in ("leader", "gap-1-2", "gap-1-10", "tie", "change", "cost"):
        assert fragment in page.ids
    claims = page.text.split("In words that may be cited")[1].split("Over time")[0]
    assert claims.count("May be unstable:") == claims.count("What to do:") >= 6
    assert claims.count("Source:") == claims.count("What to do:"), "a quoted claim names its source"


def test_every_page_describes_itself_to_machines(pages: dict[str, Page]) -> None:
    for name, page in pages.items():
        marked = re.findall(
            r'<script type="application/ld\+json">(.*?)</script>', page.path.read_text()
        )
        assert len(marked) == 1, name
        told = json.loads(marked[0])
        assert (told["@type"], bool(told["name"]), bool(told["description"])) == (
            "Dataset",
            True,
            True,
        ), name
        for file in told.get("distribution", []):
            assert (page.path.parent / file["contentUrl"]).is_file(), name


def test_a_page_weighs_little(root: Path) -> None:
    assert max(path.stat().st_size for path in root.rglob("*.html")) < 300_000
    assert (root / "site.js").stat().st_size < 5_000


def test_a_second_publication_writes_nothing(made: tuple[Settings, Published], root: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in root.rglob("*") if path.is_file()}
    again = publish_site(made[0])
    assert again.skipped
    anew = publish_site(made[0], anew=True)
    assert (anew.skipped, anew.changed) == (False, 0)
    assert anew.files == made[1].files
    assert {path: path.stat().st_mtime_ns for path in root.rglob("*") if path.is_file()} == before


@pytest.fixture
def copied(made: tuple[Settings, Published], tmp_path: Path) -> Settings:
    """The small site in a home of its own, times and all."""
    return homes.copied(made[0], tmp_path / "copied")


def test_a_new_state_of_one_board_leaves_the_pages_of_others_alone(copied: Settings) -> None:
    settings = copied
    old = settings.site / board_folder("made/clear") / "index.html"
    close = settings.site / board_folder("made/close") / "index.html"
    times = [path.stat().st_mtime_ns for path in (old, close)]
    day_after = LAST + timedelta(days=1)
    land(settings, {day_after: [("made/close", noisy(4, ada=1600, bea=1500), {"scale": "elo"})]})
    make(settings)
    done = publish_site(settings)
    assert not done.skipped
    assert old.stat().st_mtime_ns == times[0]
    assert close.stat().st_mtime_ns > times[1]
    assert "Clear lead" in Page(close).text


def test_what_is_gone_says_so_and_what_others_put_there_stays(copied: Settings) -> None:
    settings = copied
    folder = settings.site / board_folder("made/slow")
    (settings.site / "CNAME").write_text("example.org")
    (folder / "mine.txt").write_text("mine")
    manifest = settings.site / write.MANIFEST
    noted = json.loads(manifest.read_text())
    noted["files"] += ["boards/gone/x/index.html", "boards/gone/x/gaps.csv", "../outside.csv"]
    manifest.write_text(json.dumps(noted))
    (settings.home / "outside.csv").write_text("a")
    gone = settings.site / "boards/gone/x"
    gone.mkdir(parents=True)
    for name in ("index.html", "gaps.csv"):
        (gone / name).write_text("old")
    publish_site(settings, anew=True)
    assert "Nothing is known under this address any more" in Page(gone / "index.html").text
    assert not (gone / "gaps.csv").exists()
    assert (settings.site / "CNAME").exists()
    assert (folder / "mine.txt").exists()
    assert (settings.home / "outside.csv").exists(), "a manifest cannot name files outside"
    first = (gone / "index.html").stat().st_mtime_ns
    publish_site(settings, anew=True)
    assert (gone / "index.html").stat().st_mtime_ns == first


def test_a_publication_that_is_cut_off_leaves_whole_pages_and_the_next_one_finishes(
    copied: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = copied
    whole = {p: p.read_bytes() for p in settings.site.rglob("*") if p.is_file()}
    for path in list(whole)[::2]:
        path.unlink()
    (settings.site / "boards" / ".half.tmp").write_text("<html")
    real, written = write.put, []

    def cut_off(folder: Path, name: str, media_type: str, content: bytes) -> Any:
        if len(written) == 40:
            raise KeyboardInterrupt
        written.append(name)
        return real(folder, name, media_type, content)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(write, "put", cut_off)
        publish_site(settings, anew=True)
    pages = list(settings.site.rglob("*.html"))
    assert pages
    assert all(path.read_text().rstrip().endswith("</html>") for path in pages)
    assert not publish_site(settings, anew=True).skipped
    now = {p: p.read_bytes() for p in settings.site.rglob("*") if p.is_file()}
    assert now == whole


def test_boards_of_your_own_are_on_the_page_only_if_asked_for(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    land(settings, {LAST: [("made/clear", noisy(1, ada=2, secret=1), {})]})
    make(settings)
    with duckdb.connect(str(settings.published)) as db:
        for table in ("gap_history", "gaps", "ties"):
            db.execute(
                f"update metrics.{table} set board = 'local/mine' where board = 'made/clear'"
            )
        for table in ("boards", "snapshots", "entries", "states"):
            db.execute(f"update core.{table} set board = 'local/mine' where board = 'made/clear'")
    done = publish_site(settings)
    assert (done.boards, done.models) == (0, 0)
    assert "secret" not in "".join(p.read_text() for p in done.folder.rglob("*.html"))
    shown = publish_site(settings.model_copy(update={"publish_local": True}))
    assert (shown.boards, shown.models) == (1, 2)


def test_a_rescale_is_labelled_so_and_a_models_page_names_the_licences_that_boards_state(
    warehouse: MakeWarehouse, settings: Settings
) -> None:
    """One board moves by 50 points as a whole: the step and a note say that it is the scale."""
    *_, last = states = walk(3, {2: 50.0}, models=12)
    licensed = [
        {"board": "test/licences", "model_raw": "ada", "score": 2, "license_raw": "Apache-2.0"},
        {"board": "test/licences", "model_raw": "bea", "score": 1, "license_raw": None},
    ]
    renamed = [{**licensed[0], "license_raw": "MIT & more"}, licensed[1]]
    warehouse(
        {
            day: [*listing(scores), *(renamed if day == last else licensed)]
            for day, scores in states.items()
        }
    ).close()
    pipeline.publish_tables(settings)
    root = publish_site(settings).folder
    page = Page(root / board_folder("test/board") / "index.html")
    assert '<span class="tag">rescale</span>' in page.path.read_text()
    noted = page.text.split("Notes on single states")[1]
    assert "rescale: nearly the whole board moved at once, by +49.92" in noted
    said = {name: Page(root / f"models/{name}/index.html").text for name in ("ada", "bea")}
    assert "Licence, as boards state it Apache-2.0, MIT & more" in " ".join(said["ada"].split())
    assert "Licence, as boards state it not stated" in " ".join(said["bea"].split())


def test_the_site_names_its_own_address_if_it_is_known(copied: Settings) -> None:
    done = publish_site(copied.model_copy(update={"site_url": "https://example.org/race"}))
    folder = board_folder("made/close")
    page = Page(done.folder / folder / "index.html")
    whole = f"https://example.org/race/{folder}/"
    assert [a["content"] for _, a in page.tags if a.get("property") == "og:image"] == [
        f"{whole}finish.png"
    ]
    assert f"{whole}index.html" in page.values("link", "href")
    assert f"{whole}index.html" in (done.folder / "sitemap.xml").read_text()
    assert "A close race" in (done.folder / "llms.txt").read_text()
    assert (done.folder / folder / "finish.png").read_bytes()[:4] == b"\x89PNG"


def test_without_tables_the_command_names_the_next_step() -> None:
    done = CliRunner().invoke(cli, ["publish"])
    assert isinstance(done.exception, NothingPublished)


def test_the_command_says_where_the_page_is_and_how_to_open_it(
    made: tuple[Settings, Published], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PHOTOFINISH_HOME", str(made[0].home))
    said = CliRunner().invoke(cli, ["publish"]).output
    assert "Nothing on the page of 11 boards" in said
    assert f"open {made[1].index.as_uri()} in a browser" in said
    [facts] = json.loads(CliRunner().invoke(cli, ["publish", "--anew", "--json"]).output)
    assert (facts["skipped"], facts["changed"], facts["files"]) == (False, 0, made[1].files)


@pytest.mark.slow
def test_a_page_that_fails_is_a_message_of_the_run(
    made: tuple[Settings, Published], monkeypatch: pytest.MonkeyPatch
) -> None:
    from flows.tasks import publish_page

    monkeypatch.setenv("PHOTOFINISH_PAGE", "true")
    assert publish_page.fn().startswith("the page is as it was before: NothingPublished")
    monkeypatch.setenv("PHOTOFINISH_HOME", str(made[0].home))
    assert publish_page.fn() == ""
    monkeypatch.setenv("PHOTOFINISH_PAGE", "false")
    monkeypatch.setenv("PHOTOFINISH_HOME", "/nowhere")
    assert publish_page.fn() == ""


# The parts: pure functions, against values worked out by hand.


def row(name: str, value: float, half: float | None = None) -> dict[str, Any]:
    ends = (None, None) if half is None else (value - half, value + half)
    return {"model": name, "score": value, "low": ends[0], "high": ends[1]}


def test_the_best_is_on_the_right_whichever_way_the_board_counts() -> None:
    up = finish_line([row("a", 10, 0), row("b", 0, 0)], higher_is_better=True)
    assert [runner.at for runner in up.runners] == [96.0, 4.0]
    assert (up.worst, up.best) == (0, 10)
    down = finish_line([row("a", 0, 5), row("b", 10)], higher_is_better=False)
    # From 10 on the left to -5 on the right: 0 is at two thirds of 92, plus 4.
    assert [runner.at for runner in down.runners] == [65.33, 4.0]
    assert (down.leader.left, down.leader.right) == (34.67, 96.0)
    assert down.runners[1].left is None
    assert [r.at for r in finish_line([row("a", 3), row("b", 3)], True).runners] == [50.0, 50.0]


def test_a_sparkline_begins_at_nought_and_has_holes() -> None:
    assert sparkline([2, 1, None, 0]) == "M0.0,1.0L33.3,12.0M100.0,23.0"
    assert sparkline([5]) == "M0.0,1.0h0.1"
    assert sparkline([None]) == ""
    assert sparkline([0, 0]) == "M0.0,23.0L100.0,23.0"


def test_the_path_of_a_rank_is_broken_where_the_model_was_absent() -> None:
    days = [date(2025, 1, 1) + timedelta(days=n) for n in (0, 5, 8, 10)]
    stretches = [
        {"rank": 1, "valid_from": days[0], "valid_to": days[1]},
        {"rank": 3, "valid_from": days[1], "valid_to": days[2]},
        {"rank": 2, "valid_from": days[3], "valid_to": None},
    ]
    assert rank_path(stretches) == "M0.0,2.0H50.0L50.0,22.0H80.0M100.0,12.0H100.0"
    assert rank_path(stretches[:1]) == ""


def test_an_address_is_safe_and_no_two_names_share_one() -> None:
    names = ["gpt-4o", "GPT-4o", "../../etc", "a/b", "a b", "a?b", "ü", "", ".", "con", "x" * 300]
    found = addresses(names)
    assert found["GPT-4o"] == "GPT-4o"
    assert found["gpt-4o"].startswith("gpt-4o-")
    folded = [address.casefold() for address in found.values()]
    assert len(set(folded)) == len(names)
    for address in found.values():
        assert re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,100}", address), address
    assert addresses(reversed(names)) == found
    assert board_folder("odd/../../x").count("/") == 2


def test_numbers_in_words() -> None:
    assert score(1504.0) == "1,504"
    assert score(-0.25) == "−0.25"
    assert score(0.12345) == "0.123"
    assert score(1234.5, 2) == "1,234.50"
    assert score(None) == "–"
    assert digits([1.0, 2.5, None]) == 1
    assert digits([98.123, 97.0]) == 2
    assert digits([]) == 0
    assert [signed(v) for v in (1.006, -0.5, -0.001, None)] == ["+1.01", "−0.50", "0", "–"]
    assert day(date(2025, 3, 8)) == "8 Mar 2025"


def test_only_addresses_of_the_web_become_links() -> None:
    assert link("https://example.org") == "https://example.org"
    assert link("javascript:alert(1)") is None
    assert link("data:text/html,x") is None
    assert link(None) is None


def test_a_cell_is_as_bright_as_its_score_is_near_the_best_possible(
    warehouse: MakeWarehouse,
) -> None:
    # The worst shown is 5 (or 10), the best possible 20 (or 0): shares of that distance.
    boards: dict[str, tuple[dict[str, object], list[float]]] = {
        "test/up": ({"perfect_score": 20}, [1 / 3, 0]),
        "test/down": ({"perfect_score": 0, "higher_is_better": False}, [0, 1 / 2]),
        "test/open": ({}, [1, 0]),
    }
    rows = [
        {"board": board, "model_raw": model, "task": "one", "score": score, **facts}
        for board, (facts, _) in boards.items()
        for model, score in (("ada", 10.0), ("bea", 5.0))
    ]
    db = warehouse({"2025-01-01": rows})
    for board, (_, shades) in boards.items():
        cells = page_board.heatmap(db, board)
        assert cells.sort("model")["shade"].to_list() == pytest.approx(shades), board


BOARD = {
    "title": "Race",
    "status": "live",
    "as_of": date(2025, 3, 8),
    "leader": "ada",
    "runner_up": "bea",
    "n_tied": 3,
    "race": "narrow lead",
    "z_1_2": 2.04,
    "p_leader_best": 0.8,
}


def test_a_narrow_lead_is_neither_called_clear_nor_a_tie() -> None:
    told = sentences.certainty(BOARD, {"tied_models": ["ada", "bea", "cal"]})
    assert told.sentence == (
        "As of 8 Mar 2025, the leader on Race is ahead of the second by 2.0 standard errors, yet 3 models "
        "cannot be told from it once all comparisons are counted (Holm, 5%: ada, bea, cal). "
        "The leader is truly the best with a probability of 80%."
    )


def test_a_change_is_told_in_a_sentence() -> None:
    change = {
        "leader": "ada",
        "prev_leader": "bea",
        "gap_pct": 1.5,
        "prev_gap_pct": 0.2,
        "verdict": "photo finish",
        "note": None,
        "n_models": 3,
    }
    assert moves.moved({**change, "kind": "new leader"}) == (
        "ada took the lead from bea; 1.50% ahead of the second."
    )
    assert moves.moved({**change, "kind": "verdict"}).startswith(
        "the lead is now within the noise: a photo finish; ada first"
    )
    assert moves.moved({**change, "kind": "rescale"}).startswith("rescale; ada first")


def test_the_specifications_of_charts_are_vega_lite() -> None:
    import altair

    days = [date(2025, 1, 1), date(2025, 2, 1)]
    series = pl.DataFrame({"as_of": days, "gap_1_2_pct": [1.0, 2.0]})
    ranks = pl.DataFrame({"model": ["a", "a"], "as_of": days, "rank": [1, 2], "now": [1, 1]})
    priced = pl.DataFrame(
        {
            "model": ["a"],
            "score": [1.0],
            "price_usd_per_mtok": [2.0],
            "on_frontier": [True],
            "tied": [True],
        }
    )
    facts = {"metric": "score", "unit": "%", "higher_is_better": False}
    for spec in (
        charts.gap_chart(series, "gap_1_2_pct", [(days[0], "release"), (days[1], "new leader")]),
        charts.bump_chart(ranks),
        charts.price_chart(priced, False),
        charts.card("Race", "Photo finish", [{**row("a", 1, 1), "tied": None}], facts),
    ):
        altair.LayerChart.from_dict(spec, validate=True)


def test_a_drawing_takes_the_colours_of_the_page() -> None:
    svg = f'<svg class="marks" width="9" viewBox="0 0 9 9"><g id="clip1" fill="{charts.INK}" role="x"/></svg>'
    assert charts.themed(svg, "gap2", 'a "gap" <') == (
        '<svg class="chart" role="img" aria-label="a &#34;gap&#34; &lt;" viewBox="0 0 9 9">'
        '<g id="gap2-clip1" fill="var(--ink)"/></svg>'
    )
