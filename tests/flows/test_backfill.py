"""The recorded history: the published figures, and the same tables in any order of arrival."""

from __future__ import annotations

import csv
import gzip
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path

import duckdb
import pytest

from flows import pipeline
from flows.backfill import BadRecordings, Recorded, read_recordings, recorded
from flows.landing import land
from flows.settings import Settings
from sources import Source, load_sources
from tests.conftest import SOAK
from tests.warehouse.lakes import hashes
from warehouse.archive import Archive, fingerprint

pytestmark = pytest.mark.slow

SOURCES = ("arena_csv", "aider", "livebench")
PART = 1 if SOAK else 10
"""Every so many versions are filled in anew in another order, and rebuilt."""


def filled(
    home: Path, *batches: Sequence[Recorded], sources: Mapping[str, Source] | None = None
) -> Settings:
    """A home into which the batches were backfilled one after another, each run to the end."""
    settings = Settings(home=home)
    for batch in batches:
        land(batch, read_recordings, Archive(settings.archive), "run")
        bring_up_to_date(settings, sources)
    return settings


def bring_up_to_date(settings: Settings, sources: Mapping[str, Source] | None = None) -> None:
    known = sources or remembering()
    pipeline.load_journal(settings, known)
    pipeline.make_tables(settings, known)
    pipeline.publish_tables(settings)


@cache
def remembering() -> dict[str, Source]:
    """The sources with parsers that know what they have read: homes of the same payloads are made often here.

    A parser is a pure function, so that only saves time.
    """
    return {id_: replace(s, parse=cache(s.parse)) for id_, s in load_sources().items()}


def contents(settings: Settings) -> dict[str, tuple[int, int]]:
    """Hashes of what is made of what was read, which says nothing of when and how it was."""
    return hashes(settings, ("core", "metrics"))


@pytest.fixture(scope="module")
def versions(recordings: Path) -> list[Recorded]:
    return recorded(recordings, SOURCES, None, None)


@pytest.fixture(scope="module")
def whole(versions: list[Recorded], tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """All that is asked about below: of livebench the last release, from its first file on."""
    release = datetime(2025, 12, 23, tzinfo=UTC)
    asked = [v for v in versions if v.source != "livebench" or v.captured_at >= release]
    return filled(tmp_path_factory.mktemp("whole"), asked)


@pytest.fixture(scope="module")
def part(versions: list[Recorded], tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return filled(tmp_path_factory.mktemp("part"), versions[::PART])


@pytest.fixture(scope="module")
def expected(part: Settings) -> dict[str, tuple[int, int]]:
    return contents(part)


@pytest.mark.parametrize(
    ("day", "to_second", "to_tenth"),
    [
        ("2025-01-16", 0.66, 5.21),
        ("2025-02-12", 0.36, 2.14),
        ("2025-02-16", 0.36, 5.73),
        ("2025-02-22", 1.30, 5.33),
    ],
)
def test_the_published_figures_come_back(
    whole: Settings, day: str, to_second: float, to_tenth: float
) -> None:
    with duckdb.connect(str(whole.published), read_only=True) as db:
        found = db.sql(
            "select round(gap_pct, 2) from metrics.gaps where board = 'arena_csv/text' "
            f"and task = 'overall' and as_of = '{day}' and k in (2, 10) order by k"
        ).fetchall()
    assert found == [(to_second,), (to_tenth,)]


def test_the_gaps_equal_those_read_straight_from_the_files(
    whole: Settings, recordings: Path
) -> None:
    """Every arena_csv version, with csv and sorted() instead of parsers, polars and SQL."""
    expected = {}
    with (recordings / "arena_csv" / "index.csv").open() as index:
        for version in csv.DictReader(index):
            with gzip.open(recordings / "arena_csv" / version["path"], "rt") as file:
                rows = list(csv.DictReader(file))
            scores = sorted(
                (float(r.get("arena_score") or r["arena_elo"]) for r in rows), reverse=True
            )
            for k in (2, 3, 5, 10):
                gap = 100 * (scores[0] - scores[k - 1]) / scores[k - 1]
                expected[version["captured_at"][:10], k] = pytest.approx(gap, abs=1e-9)
    with duckdb.connect(str(whole.published), read_only=True) as db:
        found = db.sql(
            "select as_of::varchar, k, gap_pct from metrics.gaps where board = 'arena_csv/text'"
        ).fetchall()
    assert {(day, k): gap for day, k, gap in found} == expected


def test_the_livebench_overall_is_the_mean_of_category_means(
    whole: Settings, recordings: Path
) -> None:
    """The last release, worked out from its two files."""
    import json

    table = gzip.decompress(
        (recordings / "livebench/table_2025_12_23/20260102T143856Z.csv.gz").read_bytes()
    )
    categories = json.loads(
        gzip.decompress(
            (recordings / "livebench/categories_2025_12_23/20251223T152918Z.json.gz").read_bytes()
        )
    )
    expected = {}
    for row in csv.DictReader(table.decode().splitlines()):
        if all(
            row[task].strip() not in ("", "N/A") for tasks in categories.values() for task in tasks
        ):
            means = [
                sum(float(row[t]) for t in tasks) / len(tasks) for tasks in categories.values()
            ]
            expected[row["model"]] = pytest.approx(sum(means) / len(means))
    with duckdb.connect(str(whole.published), read_only=True) as db:
        found = db.sql(
            "select model_raw, score from core.entries where board = 'livebench/main' "
            "and task = 'overall' and as_of = '2026-01-02' and score is not null"
        ).fetchall()
    assert dict(found) == expected


def test_only_the_invalid_yaml_is_quarantined(whole: Settings) -> None:
    with duckdb.connect(str(whole.published), read_only=True) as db:
        found = db.sql("select source, captured_at::date::varchar, reason from raw.quarantine")
        assert found.fetchall() == [
            ("aider", "2024-07-13", "not YAML: did not find expected '-' indicator (line 685)")
        ]


def test_no_polyglot_run_leads_the_edit_board(whole: Settings) -> None:
    with duckdb.connect(str(whole.published), read_only=True) as db:
        assert db.sql("select max(n) from core.entries where board = 'aider/edit'").fetchall() == [
            (133,)
        ]


def test_a_delisting_moves_the_gap_but_not_the_scores(whole: Settings) -> None:
    with duckdb.connect(str(whole.published), read_only=True) as db:
        churn = db.sql(
            "select exits, entrants, kendall_tau from metrics.rank_churn "
            "where board = 'arena_csv/text' and as_of = '2025-02-16'"
        ).fetchall()
    assert churn == [(30, 0, pytest.approx(1.0))]


def test_backfilling_twice_gives_the_same_tables(
    part: Settings, expected: dict[str, tuple[int, int]], versions: list[Recorded]
) -> None:
    assert land(versions[::PART], read_recordings, Archive(part.archive), "again") == 0
    bring_up_to_date(part)
    assert contents(part) == expected


def test_backfilling_in_two_runs_and_from_the_last_to_the_first_gives_the_same_tables(
    expected: dict[str, tuple[int, int]], versions: list[Recorded], tmp_path: Path
) -> None:
    chosen = versions[::PART][::-1]
    half = len(chosen) // 2
    assert contents(filled(tmp_path, chosen[:half], chosen[half:])) == expected


def test_a_rebuild_by_every_thread_gives_the_same_tables(
    part: Settings, expected: dict[str, tuple[int, int]], tmp_path: Path, every_thread: None
) -> None:
    copy = Settings(home=tmp_path / "copy")
    shutil.copytree(part.archive, copy.archive)
    pipeline.rebuild(copy, load_sources())
    assert contents(copy) == expected


def test_since_and_until_choose_versions(recordings: Path) -> None:
    found = recorded(recordings, ["arena_csv"], date(2025, 2, 12), date(2025, 2, 16))
    assert [version.captured_at.date().isoformat() for version in found] == [
        "2025-02-12",
        "2025-02-16",
    ]


def test_a_recording_that_is_not_what_its_index_says_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "recordings" / "aider"
    folder.mkdir(parents=True)
    (folder / "a.gz").write_bytes(gzip.compress(b"other"))
    (folder / "index.csv").write_text(
        "path,upstream_url,captured_at,sha256\n"
        f"a.gz,https://a/b,2025-01-01T00:00:00Z,{fingerprint(b'this')}\n"
    )
    with pytest.raises(BadRecordings, match="another sha256"):
        land(
            recorded(folder.parent, ["aider"], None, None),
            read_recordings,
            Archive(tmp_path / "archive"),
            "run",
        )


def test_a_folder_without_recordings_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadRecordings, match="no recordings of aider"):
        recorded(tmp_path, ["aider"], None, None)
