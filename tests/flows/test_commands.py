"""The commands as a person uses them: what they print, for machines too, and how they end."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner

from flows.cli import cli
from flows.settings import ROOT
from tests.flows.machine import photofinish
from tests.flows.prefect_server import Server

pytestmark = pytest.mark.slow


def process(*args: str, home: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    """A command as a process of its own; most tests use `photofinish`, which spares them its start."""
    return subprocess.run(
        [sys.executable, "-m", "flows", *args],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
        env={**os.environ, "PHOTOFINISH_HOME": str(home), "COLUMNS": "80", **settings},
        cwd=ROOT,
    )


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which the demo ran."""
    folder = tmp_path_factory.mktemp("demo")
    done = process("demo", home=folder)
    assert (done.returncode, done.stderr) == (0, "")
    (folder / "said.txt").write_text(done.stdout)
    return folder


def test_the_demo_says_what_it_found_and_where(home: Path) -> None:
    said = " ".join((home / "said.txt").read_text().split())
    assert "fell from 11.98% (2023-12-20, gpt-4-turbo first) to 5.33% (2025-02-22" in said
    assert str(home / "photofinish.duckdb") in said


def test_the_hint_of_the_demo_works(home: Path) -> None:
    hint = (home / "said.txt").read_text().split("ask them yourself:\n")[1].split("Next:")[0]
    for command in hint.strip().splitlines():
        done = subprocess.run(
            command,
            shell=True,
            capture_output=True,
            text=True,
            check=True,
            cwd=ROOT,
            env={**os.environ, "PHOTOFINISH_HOME": str(home)},
        )
        assert "2025-02-16" in done.stdout or "sample/arena_text" in done.stdout


def test_a_second_demo_changes_nothing(home: Path, prefect: Server) -> None:
    with duckdb.connect(str(home / "photofinish.duckdb"), read_only=True) as db:
        before = db.sql("select count(*), max(captured_at) from core.snapshots").fetchall()
    done = photofinish(home, "demo", "--json")
    assert json.loads(done.out) == [
        {"source": "tidy", "outcome": "unchanged", "files": 46, "problem": ""}
    ]
    with duckdb.connect(str(home / "photofinish.duckdb"), read_only=True) as db:
        assert db.sql("select count(*), max(captured_at) from core.snapshots").fetchall() == before


def test_gaps_is_a_table_that_fits_a_narrow_terminal(home: Path) -> None:
    said = photofinish(home, "gaps").out
    assert max(map(len, said.splitlines())) <= 80
    assert "claude-opus-4.6-th" in said
    assert "photo finish\n" in said  # the verdict is never cut
    assert any(bar in said for bar in "▁▂▃▄▅▆▇█")


def test_gaps_for_machines(home: Path) -> None:
    found = {row["board"]: row for row in json.loads(photofinish(home, "gaps", "--json").out)}
    arena = found["sample/arena_text"]
    assert (arena["leader"], arena["as_of"]) == ("claude-opus-4.6-thinking", "2026-04-11")
    assert arena["gap_1_2_pct"] == pytest.approx(100 * (1504 - 1496) / 1496)


def test_gaps_of_one_board_over_time(home: Path) -> None:
    rows = json.loads(photofinish(home, "gaps", "sample/arena_text", "--json").out)
    by_day = {row["as_of"]: round(row["gap_1_10_pct"], 2) for row in rows}
    assert by_day["2025-02-12"] == 2.14
    assert by_day["2025-02-16"] == 5.73


def test_board_as_of_a_day_shows_the_state_before_it(home: Path) -> None:
    done = photofinish(home, "board", "sample/arena_text", "--as-of", "2023-12-31", "--json")
    first = json.loads(done.out)[0]
    assert (first["as_of"], first["model"]) == ("2023-12-20", "gpt-4-turbo")


def test_the_readme_quotes_what_explain_says(home: Path) -> None:
    readme = (ROOT / "README.md").read_text()
    command = "explain sample/arena_text --from 2025-02-12 --to 2025-02-16"
    assert f"photofinish {command}\n" in readme
    said = " ".join(photofinish(home, *command.split()).out.split()).split(" left ")[0]
    quoted = " ".join(line[2:] for line in readme.splitlines() if line.startswith("> "))
    assert quoted == said


def test_status_and_sources_for_machines(home: Path) -> None:
    status = json.loads(photofinish(home, "status", "--json").out)
    asked = {s["source"]: s["freshness"] for s in status if s["freshness"] != "never"}
    assert asked == {"tidy": "fresh"}
    cards = json.loads(photofinish(home, "sources", "--json").out)
    assert "arena_csv" in {card["id"] for card in cards}


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        (("gaps", "nope"), 2, "there is no board nope; there are: sample/aider_polyglot"),
        (("board", "sample/arena_text", "--task", "x"), 2, "has no task x; it has: overall"),
        (("board", "sample/arena_text", "--as-of", "2020-01-01"), 2, "as early as 2020-01-01"),
        (("board", "sample/arena_text", "--known", "2020-01-01"), 2, "it was first captured on"),
        (("gaps", "sample/arena_text", "--known", "2020-01-01"), 2, "it was first captured on"),
        (("gaps", "--known", "2020-01-01"), 2, "`photofinish gaps BOARD --known DAY`"),
        (("run", "--source", "nope"), 2, "no source nope; there are"),
        (("sources", "nope"), 2, "no source nope; there are"),
        (("backfill",), 2, "give one of --recordings DIR, --git PATH_OR_URL and --history"),
        (("backfill", "--git", "."), 2, "name it with --source ID"),
        (("backfill", "--git", ".", "--source", "nope"), 2, "no source nope; there are"),
        (("gaps", "--frobnicate"), 2, "No such option"),
        (("gasp",), 2, "No such command 'gasp'"),
        (("common",), 2, "No such command 'common'"),
    ],
)
def test_wrong_usage_ends_with_one_sentence(
    home: Path, args: tuple[str, ...], code: int, said: str
) -> None:
    done = photofinish(home, *args)
    assert done.code == code
    assert said in done.err
    assert "Traceback" not in done.err


def test_without_a_published_file_the_next_step_is_named(tmp_path: Path) -> None:
    done = photofinish(tmp_path, "gaps")
    assert done.code == 3
    assert "`photofinish demo` makes one" in done.err


def test_a_setting_that_is_not_right_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PHOTOFINISH_RETRIES", "many")
    done = photofinish(tmp_path, "gaps")
    assert done.code == 2
    assert "the settings are not right: retries" in done.err


SLOW_TO_IMPORT = {
    "prefect": "runs flows",
    "polars": "works on whole tables; an answer is rows",
    "numpy": "calculates; DuckDB imports it, and the next two, to look at a Python value",
    "pandas": "is not used",
    "pyarrow": "carries whole tables",
    "scipy": "calculates",
    "requests": "fetches",
    "sources": "holds every parser",
    "flows.pipeline": "pulls, loads and publishes",
    "warehouse.database": "loads what parsers made",
    "warehouse.models": "makes tables",
}
"""What a command that only reads the published file must not wait for, and what it is there for."""
IMPORTED = """
import io, json, os, sys
from contextlib import redirect_stdout
import duckdb, flows.settings
from flows.cli import main
for command in sys.argv[1:]:
    child = os.fork()
    if child == 0:
        sys.argv[1:] = command.split()
        with redirect_stdout(io.StringIO()):
            main()
        print(json.dumps([command, list(sys.modules)]), flush=True)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0, command
"""
"""`photofinish` with each of the arguments, and the modules that are imported at its end.

Each is a fork of a process that has imported only what all of them need.
"""
BOARD = "sample/arena_text"


READING = (
    "gaps",
    "gaps --json",
    "gaps --frontier",
    f"gaps {BOARD}",
    f"gaps {BOARD} --frontier",
    f"gaps {BOARD} --chained",
    f"gaps {BOARD} --definitions",
    f"gaps {BOARD} --known 2099-01-01",
    f"board {BOARD} --as-of 2025-02-16 --trace",
    f"board {BOARD} --known 2099-01-01",
    f"explain {BOARD}",
    "claims",
    "alerts list",
    f"alerts test --board {BOARD}",
    "quarantine list",
)


@pytest.fixture(scope="module")
def imported(home: Path) -> dict[str, set[str]]:
    """The modules that each command has imported at its end."""
    done = subprocess.run(
        [sys.executable, "-c", IMPORTED, *READING],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        env={**os.environ, "PHOTOFINISH_HOME": str(home)},
    )
    return {command: set(modules) for command, modules in map(json.loads, done.stdout.splitlines())}


@pytest.mark.parametrize("command", READING)
def test_what_reads_the_published_file_imports_nothing_slow(
    imported: dict[str, set[str]], command: str
) -> None:
    assert {"flows.cli", f"flows.commands.{command.split()[0]}"} <= imported[command]
    assert imported[command] & SLOW_TO_IMPORT.keys() == set()


@pytest.mark.parametrize("command", sorted(cli.commands))
def test_every_command_has_help(command: str) -> None:
    said = CliRunner().invoke(cli, (command, "--help")).stdout
    assert "Usage:" in said
    assert cli.commands[command].help, "a command says what it does"
    assert cli.commands[command].name == command
