"""What stands beside a page for machines: data files, schema.org, Atom, sitemap, llms.txt."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
from lxml import etree, html

from flows.export import jsonld, tables
from flows.export.about import About, Rights, units
from flows.export.datasets import write_dataset
from flows.export.evalever import bounds, record, relationship
from flows.export.feeds import Entry, Page, absolute, atom, entry_id, llms, sitemap
from tests.flows.machine import HOSTILE, small_home
from tests.flows.rfc4287 import broken

SITE = "https://race.example/boards"
DAY = datetime(2025, 2, 1, 12, tzinfo=UTC)
RIGHTS = Rights("a/b", "A board", "a", "MIT", "A lab", "https://a.example/")
ABOUT = About(
    "Scores", "One row per model.", {"model": "its name", "score": "share"}, {"score": "%"}
)
FRAME = pl.DataFrame({"model": ["ada", "bo"], "score": [80.0, None]})


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    settings = small_home(tmp_path_factory.mktemp("small"))
    with duckdb.connect(str(settings.published), read_only=True) as opened:
        yield opened


def test_unchanged_data_files_are_not_touched(tmp_path: Path) -> None:
    first = write_dataset(tmp_path, "boards/scores", FRAME, ABOUT)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.*")}
    assert {path.name for path in before} == {
        f"scores.{kind}" for kind in ("csv", "json", "parquet", "meta.json")
    }
    assert write_dataset(tmp_path, "boards/scores", FRAME.clone(), ABOUT) == first
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.*")} == before
    write_dataset(tmp_path, "boards/scores", FRAME, replace(ABOUT, title="Points"))
    after = {path for path in before if path.stat().st_mtime_ns != before[path]}
    assert after == {tmp_path / "boards/scores.meta.json"}


def test_an_empty_table_has_its_columns_in_every_format(tmp_path: Path) -> None:
    write_dataset(tmp_path, "none", FRAME.clear(), ABOUT)
    assert (tmp_path / "none.csv").read_text() == "model,score\n"
    assert json.loads((tmp_path / "none.json").read_text()) == []
    assert pl.read_parquet(tmp_path / "none.parquet").schema == FRAME.schema


def test_not_a_number_is_null_in_json(tmp_path: Path) -> None:
    frame = pl.DataFrame({"model": ["ada", "bo"], "score": [float("nan"), float("inf")]})
    write_dataset(tmp_path, "odd", frame, ABOUT, kinds=("json",))
    assert [row["score"] for row in json.loads((tmp_path / "odd.json").read_text())] == [None, None]


def test_a_description_of_other_columns_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="are described"):
        write_dataset(tmp_path, "scores", FRAME.rename({"score": "points"}), ABOUT)
    assert list(tmp_path.iterdir()) == []


def test_a_score_is_in_the_unit_of_its_board_and_a_share_in_percent() -> None:
    names = dict.fromkeys(("score", "gap_pct", "gap_pct_of_top", "rank", "input_usd_per_mtok"), "")
    assert units(names, "points") == {
        "score": "points",
        "gap_pct": "%",
        "gap_pct_of_top": "%",
        "input_usd_per_mtok": "USD per million tokens",
    }


SUBJECT = jsonld.Subject(
    path="boards/test/quality.html",
    name="Quality",
    description="Every recorded state of this leaderboard, with the gaps at its top.",
    since=date(2025, 1, 1),
    until=date(2025, 2, 1),
    modified=DAY,
    rights=(RIGHTS,),
    based_on=("https://a.example/",),
    keywords=("leaderboard",),
)


def test_a_page_is_described_with_the_files_beside_it(tmp_path: Path) -> None:
    written = write_dataset(tmp_path, "quality-gaps", FRAME, ABOUT)
    told = jsonld.describe(SUBJECT, [written], SITE)
    assert (told["@context"], told["@type"]) == ("https://schema.org/", "Dataset")
    assert told["url"] == f"{SITE}/boards/test/quality.html"
    assert told["temporalCoverage"] == "2025-01-01/2025-02-01"
    assert told["dateModified"] == "2025-02-01T12:00:00Z"
    assert told["creator"] == [
        {"@type": "Organization", "name": "A lab", "url": "https://a.example/"}
    ]
    assert told["license"] == ["https://spdx.org/licenses/MIT.html"]
    assert told["isBasedOn"] == ["https://a.example/"]
    assert {one["encodingFormat"] for one in told["distribution"]} == {
        "text/csv",
        "application/json",
        "application/vnd.apache.parquet",
    }
    first = told["distribution"][0]
    assert first["contentUrl"] == f"{SITE}/boards/test/quality-gaps.csv"
    content = (tmp_path / "quality-gaps.csv").read_bytes()
    assert first["sha256"] == hashlib.sha256(content).hexdigest()
    assert told["variableMeasured"] == [
        {"@type": "PropertyValue", "name": "model", "description": "its name"},
        {"@type": "PropertyValue", "name": "score", "description": "share", "unitText": "%"},
    ]


def test_without_a_site_links_are_relative_and_nothing_is_made_up(tmp_path: Path) -> None:
    written = write_dataset(tmp_path, "quality-gaps", FRAME, ABOUT, kinds=("csv",))
    bare = replace(SUBJECT, since=None, until=None, modified=None, rights=(), based_on=())
    told = jsonld.describe(bare, [written])
    assert not {"@id", "url", "license", "creator", "temporalCoverage", "isBasedOn"} & set(told)
    assert [one["contentUrl"] for one in told["distribution"]] == ["quality-gaps.csv"]


def test_whose_data_a_board_is(db: duckdb.DuckDBPyConnection) -> None:
    (quality,) = tables.rights(db, ["test/quality"])
    assert (quality.credit, quality.licence) == ("Test Lab, with OpenAI", "not stated")
    assert tables.rights(db, []) == ()


def test_a_table_without_the_columns_of_its_key_has_none(db: duckdb.DuckDBPyConnection) -> None:
    assert tables.about_table(db, "core.boards", ("board",)).key == ("board",)
    assert tables.about_table(db, "core.boards", ("board", "gone")).key == ()


def test_a_name_cannot_break_out_of_the_script() -> None:
    said = f"<!--<script> {HOSTILE} & \u2028 ]]>"
    hostile = replace(SUBJECT, name=HOSTILE, description=said)
    told = jsonld.describe(hostile, [])
    page = html.fromstring(f"<html><head>{jsonld.script(told)}</head><body>after</body></html>")
    (script,) = page.iter("script")
    assert json.loads(script.text) == told
    assert page.find("body").text == "after"
    assert not set("<>&\u2028") & set(jsonld.embedded(told))


def test_a_licence_is_an_address_where_spdx_has_it_and_words_where_not() -> None:
    worded = ("MIT", "CC BY-SA 4.0", "Apache-2.0 (tables), MIT (result.csv)", "not stated", "MIT")
    rights = [replace(RIGHTS, licence=licence) for licence in worded]
    assert jsonld.licences(rights) == [
        "https://spdx.org/licenses/MIT.html",
        "https://spdx.org/licenses/CC-BY-SA-4.0.html",
        "Apache-2.0 (tables), MIT (result.csv)",
    ]


AWKWARD = 'Tom & "Jerry" <b>\x00\x0b\ufffe \U0001f3c1 ]]>'


def entries(site: str) -> list[Entry]:
    day = date(2025, 2, 1)
    return [
        Entry(entry_id(site, "events/1 2", day), AWKWARD, DAY, AWKWARD, "changes.html#1 2"),
        Entry(
            entry_id(site, "events/é", day),
            "later",
            DAY.replace(hour=13),
            "",
            'boards/a"b<c>.html?x=1&y=2',
        ),
    ]


@pytest.mark.parametrize("site", ["", SITE])
def test_the_feed_keeps_every_must_of_rfc_4287(site: str) -> None:
    feed_id = entry_id(site, "feed", date(2025, 1, 1))
    made = atom(AWKWARD, entries(site), feed_id=feed_id, site_url=site)
    assert broken(made) == []
    root = etree.fromstring(made)
    titles = [element.text for element in root.iter("{*}title")]
    shown = 'Tom & "Jerry" <b> \U0001f3c1 ]]>'
    assert titles == [shown, "later", shown]  # newest first
    assert root.findtext("{*}updated") == "2025-02-01T13:00:00Z"
    assert made == atom(AWKWARD, entries(site)[::-1], feed_id=feed_id, site_url=site)


def test_a_feed_without_news_is_still_a_feed() -> None:
    quiet = atom("quiet", [], feed_id="urn:uuid:0", updated=DAY)
    assert broken(quiet) == []
    with pytest.raises(ValueError, match="updated"):
        atom("quiet", [], feed_id="urn:uuid:0")


def test_the_checker_finds_what_is_wrong() -> None:
    """The strict reader is no proof unless it can fail."""
    good = atom("t", entries(SITE), feed_id="tag:race.example,2025:f", site_url=SITE)
    for wrong in (
        good.replace(b"<id>tag:race.example,2025:f</id>", b""),
        good.replace(b"12:00:00Z", b"12:00"),
        good.replace(b"<author>", b"<person>").replace(b"</author>", b"</person>"),
        good.replace(b'rel="self"', b'rel="alternate"'),
        re.sub(rb"<id>tag:[^<]*</id>", b"<id>same</id>", good),
    ):
        assert broken(wrong) != []


def test_ids_are_tags_of_the_site_and_need_none() -> None:
    assert (
        entry_id(SITE, "events/a b", date(2025, 1, 2)) == "tag:race.example,2025-01-02:events/a%20b"
    )
    without = entry_id("", "events/a b", date(2025, 1, 2))
    assert re.fullmatch(r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[0-9a-f-]{17}", without)
    assert without != entry_id("", "events/a", date(2025, 1, 2))
    assert without == entry_id("", "events/a b", date(2026, 1, 2))


def test_a_sitemap_names_whole_addresses_or_there_is_none() -> None:
    pages = [Page("", "Front"), Page("boards/a b&c.html", "A board", modified=DAY)]
    assert sitemap(pages, "") is None
    made = sitemap(pages, SITE)
    assert made is not None
    root = etree.fromstring(made)
    assert root.tag == "{http://www.sitemaps.org/schemas/sitemap/0.9}urlset"
    assert [element.text for element in root.iter("{*}loc")] == [
        f"{SITE}/",
        f"{SITE}/boards/a%20b&c.html",
    ]
    assert [element.text for element in root.iter("{*}lastmod")] == ["2025-02-01T12:00:00Z"]


def test_llms_txt_is_a_heading_a_summary_and_lists_of_links() -> None:
    sections = {"Boards": [Page("boards/a.html", "A [b]\nboard", "who leads"), Page("x.html", "X")]}
    assert llms("photofinish", "How close\nit is.", sections, SITE) == (
        "# photofinish\n\n> How close it is.\n\n## Boards\n\n"
        f"- [A \\[b\\] board]({SITE}/boards/a.html): who leads\n- [X]({SITE}/x.html)\n"
    )
    assert "](boards/a.html)" in llms("photofinish", "How close it is.", sections)


def test_an_address_cannot_end_a_markdown_link() -> None:
    assert absolute(SITE, "models/a (b).html") == f"{SITE}/models/a%20%28b%29.html"


def result(**facts: Any) -> dict[str, Any]:
    known = dict.fromkeys(
        ("perfect_score", "ci_low", "ci_high", "sd", "n", "credit", "organization", "homepage")
    )
    return {
        **known,
        "unit": "points",
        "scale": "points",
        "higher_is_better": True,
        **facts,
    }


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"scale": "elo"}, ("-Infinity", "Infinity")),
        ({"scale": "proportion", "unit": "%"}, (0, 100)),
        ({"scale": "proportion", "unit": "fraction"}, (0, 1)),
        ({"scale": "proportion", "unit": "%", "higher_is_better": False}, (0, 100)),
        ({"unit": "%"}, (0, 100)),
        ({"unit": "%", "higher_is_better": False}, (0, "Infinity")),  # a word error rate
        ({"scale": "seconds", "unit": "s", "higher_is_better": False}, (0, "Infinity")),
        ({"perfect_score": 10}, ("-Infinity", 10)),
        ({"perfect_score": 0, "higher_is_better": False}, (0, "Infinity")),
    ],
)
def test_bounds_of_a_score_are_claimed_only_where_they_are_known(
    facts: dict[str, Any], expected: tuple[Any, Any]
) -> None:
    assert bounds(result(**facts)) == expected


def test_a_publisher_who_tests_a_model_of_its_own_is_first_party() -> None:
    assert relationship(result(credit="Vectara", organization="vectara")) == "first_party"
    assert relationship(result(credit="xAIm", organization="xAI")) == "third_party"
    assert relationship(result(credit="Vectara")) == "third_party"
    assert relationship(result(organization="Vectara")) == "other"


@pytest.mark.parametrize("model", ["../../etc/passwd", "a/b:c|d", "..", 'q"?', " x. "])
def test_a_name_cannot_leave_its_folder(model: str) -> None:
    facts = result(
        board="test/b",
        source="test",
        title="B",
        metric="m",
        scoring_method=None,
        evaluation_date=None,
        licence=None,
        task="overall",
        model=model,
        model_raw=model,
        open_weights=None,
        score=1.0,
        rank=1,
        position=1,
        snapshot_id="s",
        as_of=date(2025, 1, 1),
        captured_at=datetime(2025, 1, 1),  # noqa: DTZ001 - as the tables have it
        url="file:///x.csv",
        payload_sha256="0",
    )
    path, told = record([facts])
    parts = path.split("/")
    assert len(parts) == 5
    assert not {"", ".", ".."} & set(parts)
    assert not re.search(r'[<>:"\\|?*]', path)
    assert told["model_info"]["name"] == model
