"""Your own test: adding results, next month's too, and that what was asked and answered stays at home."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from flows import pipeline
from flows.local import CannotAdd, add, name_of
from flows.settings import Settings
from flows.show.local import excerpt
from sources import load_sources, local
from sources.local_file import read_cases
from tests.conftest import landed
from tests.flows.machine import photofinish
from tests.flows.test_backfill import contents
from tests.homes import copied
from warehouse import local_reader
from warehouse.archive import Archive
from warehouse.layout import NotADatabase

NOW = datetime(2025, 3, 1, 6, tzinfo=UTC)
SECRET = "zanzibar-marker"
JANUARY = f"""model,case_id,task,correct,refused,prompt,expected,output
ada,1,refunds,1,,May I return it? {SECRET},yes {SECRET},Yes. {SECRET}
ada,2,refunds,0,,{SECRET},no,{SECRET}
ada,3,tone,1,,{SECRET},,sorry
bea,1,refunds,0,,May I return it? {SECRET},yes {SECRET},No. {SECRET}
bea,2,refunds,0,1,{SECRET},no,50% I_CANNOT
bea,3,tone,1,,{SECRET},,Sorry
"""
FEBRUARY = JANUARY.replace("bea", "cal").replace("ada", "bea")
"""bea does now what ada did; cal is new."""


def put(
    settings: Settings, text: str, now: datetime = NOW, as_of: date | None = None, name: str = "x"
) -> Any:
    cases, bad = read_cases(text.encode())
    assert not bad
    return add(settings, load_sources(), name, cases, as_of, now)


@pytest.fixture(scope="module")
def january(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    home = Settings(home=tmp_path_factory.mktemp("january"), lock_wait=0)
    put(home, JANUARY)
    return home


@pytest.fixture(scope="module")
def february(january: Settings, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """January's home after next month's results; only to be read."""
    home = copied(january, tmp_path_factory.mktemp("february") / "home")
    added = put(home, FEBRUARY, NOW + timedelta(days=28))
    assert (added.models, added.stayed, added.changed) == (2, 1, True)
    return home


@pytest.fixture
def begun(january: Settings, settings: Settings) -> Settings:
    """A home in which January's results are."""
    return copied(january, settings.home)


def scores(settings: Settings, where: str = "true") -> dict[str, float]:
    """model -> overall score on local/x in its latest state."""
    with duckdb.connect(str(settings.published), read_only=True) as db:
        return dict(
            db.sql(
                "select model, score from core.entries where board = 'local/x' and current "
                f"and task = 'overall' and {where} qualify rank() over (order by as_of desc) = 1"
            ).fetchall()
        )


def days(settings: Settings) -> list[str]:
    with duckdb.connect(str(settings.published), read_only=True) as db:
        found = db.sql(
            "select as_of::varchar from core.snapshots where board = 'local/x' order by 1"
        )
        return [day for (day,) in found.fetchall()]


def test_next_months_model_joins_this_months(january: Settings, february: Settings) -> None:
    assert scores(january) == {"ada": pytest.approx(200 / 3), "bea": pytest.approx(100 / 3)}
    assert scores(february) == {
        "ada": pytest.approx(200 / 3),
        "bea": pytest.approx(200 / 3),
        "cal": pytest.approx(100 / 3),
    }
    assert days(february) == ["2025-03-01", "2025-03-29"]


def test_the_same_file_twice_changes_nothing(begun: Settings) -> None:
    before = contents(begun)
    journal = list(Archive(begun.archive).fetches())
    shuffled = "\n".join([JANUARY.splitlines()[0], *sorted(JANUARY.splitlines()[1:])[::-1]])
    assert not put(begun, shuffled, NOW + timedelta(days=5)).changed
    assert contents(begun) == before
    assert list(Archive(begun.archive).fetches()) == journal


def test_other_answers_with_the_same_scores_are_seen(begun: Settings) -> None:
    put(begun, JANUARY.replace("I_CANNOT", "I must not"), NOW + timedelta(hours=1))
    with local_reader.build_reader(begun.build) as db:
        found = local_reader.losses(db, "local/x", "must not")
    assert [row["model"] for row in found] == ["bea"]


def test_results_of_an_earlier_day_leave_the_later_states(begun: Settings) -> None:
    put(begun, FEBRUARY, NOW + timedelta(hours=1), date(2025, 1, 31))
    assert days(begun) == ["2025-01-31", "2025-03-01"]
    assert set(scores(begun)) == {"ada", "bea"}
    assert set(scores(begun, "as_of < '2025-02-01'")) == {"bea", "cal"}


def test_a_run_cut_off_after_the_archive_heals(begun: Settings, february: Settings) -> None:
    # What `add` does up to the journal; then the lights go out.
    cases = [*read_cases(JANUARY.encode())[0][:3], *read_cases(FEBRUARY.encode())[0]]
    archive = Archive(begun.archive)
    payload = local.written(cases, None)
    archive.append([landed(archive, payload, NOW + timedelta(days=28), "local:x", "local")])
    assert not put(begun, FEBRUARY, NOW + timedelta(days=29)).changed
    assert contents(begun) == contents(february)


def test_a_rebuild_brings_everything_back(february: Settings, settings: Settings) -> None:
    with local_reader.build_reader(february.build) as db:
        lost = local_reader.losses(db, "local/x")
    shutil.copytree(february.archive, settings.archive)
    pipeline.rebuild(settings, load_sources())
    assert contents(settings) == contents(february)
    with local_reader.build_reader(settings.build) as db:
        assert local_reader.losses(db, "local/x") == lost


def test_the_daily_run_does_not_fetch_it() -> None:
    assert load_sources()["local"].card.requests(NOW.date()) == []


def texts_with(path: Path, marker: str) -> list[str]:
    """Every text column (and list of texts) of every table of a file that holds the marker."""
    with duckdb.connect(str(path), read_only=True) as db:
        columns = db.sql(
            "select schema_name, table_name, column_name from duckdb_columns() "
            "where not internal and contains(data_type, 'VARCHAR')"
        ).fetchall()
        assert len(columns) > 50
        return [
            f"{schema}.{table}.{column}"
            for schema, table, column in columns
            if db.execute(
                f'select count(*) from {schema}.{table} where contains("{column}"::varchar, ?)',
                [marker],
            ).fetchall()[0][0]
        ]


def test_prompts_and_outputs_are_not_published(january: Settings) -> None:
    assert texts_with(january.published, SECRET) == []
    assert SECRET.encode() not in january.published.read_bytes()
    with duckdb.connect(str(january.published), read_only=True) as db:
        assert db.sql("from duckdb_schemas() where schema_name = 'local'").fetchall() == []


def test_prompts_and_outputs_are_published_when_asked_for(begun: Settings) -> None:
    pipeline.publish_tables(begun.model_copy(update={"publish_local": True}))
    assert set(texts_with(begun.published, SECRET)) == {
        f"local.{table}.{column}"
        for table in ("losses", "results")
        for column in ("prompt", "expected", "output")
    }


GOOD = {"model": "a", "task": "t", "case_id": "1", "score": 1.0, "prompt": SECRET}
BROKEN = (
    f'{{"model": "{SECRET}"',
    f'["{SECRET}"]',
    SECRET,
    *(
        json.dumps(GOOD | wrong)
        for wrong in (
            {"score": 2},
            {"score": True},
            {"score": SECRET},
            {"latency_ms": -1},
            {"latency_ms": SECRET},
            {"task": ""},
            {"prompt": [SECRET]},
            {SECRET: 1},
        )
    ),
    "\n".join([json.dumps(GOOD)] * 2),
)


def test_the_quarantine_says_nothing_of_what_it_refused(settings: Settings) -> None:
    """States that `local add` never writes: damaged by hand, or by another program."""
    archive = Archive(settings.archive)
    archive.append(
        landed(archive, payload.encode(), NOW, f"local:x{number}", "local")
        for number, payload in enumerate(BROKEN)
    )
    sources = {"local": load_sources()["local"]}
    pipeline.load_journal(settings, sources)
    pipeline.make_tables(settings, sources)
    pipeline.publish_tables(settings)
    with duckdb.connect(str(settings.published), read_only=True) as db:
        refused = db.sql("select reason from raw.quarantine where detail = ''").fetchall()
    assert len(refused) == len(BROKEN)
    assert texts_with(settings.published, SECRET) == []


def test_results_with_tasks_do_not_join_results_without(begun: Settings) -> None:
    journal = list(Archive(begun.archive).fetches())
    with pytest.raises(CannotAdd, match="make another board with --name"):
        put(begun, "model,case_id,correct\ncal,1,1\n", NOW + timedelta(days=1))
    assert list(Archive(begun.archive).fetches()) == journal


def test_two_boards_of_your_own_stay_apart(begun: Settings) -> None:
    put(begun, FEBRUARY, name="y")
    assert set(scores(begun)) == {"ada", "bea"}


def test_a_name_is_made_of_the_file(tmp_path: Path) -> None:
    stems = ("Support 2025-01", "..Ünï…", "???", "a_b.c-d", "-x")
    assert [name_of(stem) for stem in stems] == ["support-2025-01", "n", "", "a_b.c-d", "x"]


def test_lost_cases_are_searched_as_plain_text(january: Settings) -> None:
    with local_reader.build_reader(january.build) as db:

        def found(**wanted: str) -> list[tuple[str, str]]:
            lost = local_reader.losses(db, "local/x", **wanted)
            return [(row["case_id"], row["model"]) for row in lost]

        assert found() == [("2", "ada"), ("2", "bea"), ("1", "bea")]
        assert found(search="i_cannot") == [("2", "bea")]
        assert found(search="%I_") == []
        assert found(search="return it") == [("1", "bea")]
        assert found(model="ada") == [("2", "ada")]
        assert found(task="tone") == []


def test_losses_wait_for_a_run_with_a_sentence(begun: Settings) -> None:
    code = (
        "import duckdb, sys; db = duckdb.connect(sys.argv[1]); print('open', flush=True); input()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(begun.build)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as run:
        assert run.stdout
        run.stdout.readline()
        with (
            pytest.raises(NotADatabase, match="a run is at work"),
            local_reader.build_reader(begun.build),
        ):
            pass
        run.communicate(b"\n")


def test_an_excerpt_holds_nothing_a_terminal_obeys() -> None:
    assert excerpt("a\x1b[31mb\n\tc\x9b") == "a [31mb c"
    assert excerpt(None) == ""
    assert len(excerpt("x" * 1000)) < 130


def test_a_person_adds_reads_and_compares(tmp_path: Path) -> None:
    file, home = tmp_path / "Support.csv", tmp_path / "home"
    file.write_text(JANUARY)
    added = photofinish(home, "local", "add", str(file))
    said = " ".join(added.out.split())
    assert (added.code, added.err) == (0, "")
    assert "6 cases of 2 models on local/support" in said
    assert "ada has 66.67% right, bea 33.33%: a gap of 100.00%, photo finish, 2 models tied" in said
    assert "Of 3 cases both were asked, ada did better on 1 and bea on 0: not apart" in said
    assert "Next: `photofinish local losses support`" in said
    lost = photofinish(home, "local", "losses", "support", "--search", "MARKER")
    assert "2 of 2" in lost.out
    assert max(map(len, lost.out.splitlines())) <= 80
    rows = json.loads(photofinish(home, "local", "losses", "local/support", "--json").out)
    assert rows[0]["expected"] == "no"
    compared = photofinish(home, "local", "compare", "support")
    assert "No public board has three models in common" in " ".join(compared.out.split())
    assert max(map(len, compared.out.splitlines())) <= 80
    machine = json.loads(photofinish(home, "local", "compare", "support", "--json").out)
    assert machine[0]["paired_tests"][0]["better"] == 1
    assert SECRET not in compared.out + added.out + json.dumps(machine)


def test_nothing_is_loaded_unless_all_of_it_is_good(tmp_path: Path) -> None:
    file, home = tmp_path / "mine.csv", tmp_path / "home"
    file.write_text(JANUARY + "ada,4,tone,5,,,,\n")
    refused = photofinish(home, "local", "add", str(file))
    assert refused.code == 2
    assert "1 of 7 rows" in refused.err
    assert "line 8: correct is 0 or 1, not '5'" in refused.err
    assert "Traceback" not in refused.err
    assert not home.exists()
    skipped = photofinish(home, "local", "add", str(file), "--skip-bad")
    assert skipped.code == 1
    assert "1 bad row skipped" in skipped.err
    assert "6 cases of 2 models" in skipped.out


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        (("add", "{bad}", "--skip-bad"), 2, "line 2: it has no model"),
        (("add", "{good}", "--name", "no/name"), 2, "'no/name' cannot name a board"),
        (("add", "{good}", "--as-of", "2999-01-01"), 2, "2999-01-01 is still to come"),
        (("add", "{empty}"), 2, "the file is empty; nothing was loaded"),
        (("add", "nowhere.csv"), 2, "does not exist"),
        (("losses", "x"), 3, "`photofinish local add FILE` makes it"),
        (("compare", "x"), 3, "is not there yet"),
    ],
)
def test_what_cannot_be_done_is_a_sentence(
    tmp_path: Path, args: tuple[str, ...], code: int, said: str
) -> None:
    files = {name: tmp_path / f"{name}.csv" for name in ("good", "bad", "empty")}
    files["good"].write_text(JANUARY)
    files["bad"].write_text("model,case_id,correct\n,1,1\n")
    files["empty"].write_text("")
    done = photofinish(tmp_path / "home", "local", *(arg.format(**files) for arg in args))
    assert done.code == code
    assert said in " ".join(done.err.split())
    assert "Traceback" not in done.err
