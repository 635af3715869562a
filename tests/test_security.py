"""Strangers' data stays data, in queries, terminals and Markdown; secrets stay secret, files private."""

from __future__ import annotations

import ast
import os
import re
import runpy
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner
from polars.exceptions import PanicException

from flows import pipeline
from flows.alerts.run import Alerted
from flows.alerts.store import Store
from flows.cli import cli, main
from flows.commands.common import Stop
from flows.daily import Report, SourceReport, _alerts_markdown, _write_artifact
from flows.fetch import FetchFailed, get
from flows.redact import redacted
from flows.settings import ROOT, Settings
from flows.show.boards import gaps_markdown
from flows.show.summary import Line, summary_markdown
from flows.show.text import markdown_text
from flows.tasks import publish_page
from sources import Source, load_sources
from tests.conftest import landed, scored, tidy_csv
from tests.flows.alerts import an_event
from tests.flows.server import serving
from warehouse.archive import Archive
from warehouse.database import connect
from warehouse.reader import UnknownBoard, latest_gaps, reader

NOW = datetime(2025, 3, 1, 6, 17, tzinfo=UTC)
NAMES = (
    "[/]",
    "[bold red]ada[/bold red]",
    "[link=https://evil.example]x[/link]",
    "'; drop table core.entries; --",
    '" or 1=1 --',
    "<script>alert(1)</script>",
    "| x | ](https://evil.example) `y` |",
    "{{ 7 * 7 }} {0} %s $(id)",
    "=cmd|' /C calc'!A0",
    "\\[/] \\",
)


@pytest.fixture(scope="module")
def hostile_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A published board on which every name tries something, on two dates and in four tasks."""
    settings = Settings(home=tmp_path_factory.mktemp("hostile"))
    archive, facts = Archive(settings.archive), {"scale": "elo"}
    for day, moved in (("2025-01-01", 0), ("2025-02-01", 3)):
        rows = [
            {
                "model_raw": name,
                "organization_raw": name,
                "license_raw": "MIT",
                "task": task,
                "score": 1000 + 10 * number + moved,
                "ci_low": 990 + 10 * number + moved,
                "ci_high": 1010 + 10 * number + moved,
            }
            for number, name in enumerate(NAMES)
            for task in ("overall", *NAMES[:4])
        ]
        payload = tidy_csv(rows, day, facts)
        archive.append([landed(archive, payload, NOW, f"file:///{day}.csv")])
    run_all(settings)
    return settings.home


def run_all(settings: Settings) -> None:
    pipeline.load_journal(settings, load_sources())
    pipeline.make_tables(settings, load_sources())
    pipeline.publish_tables(settings)


@pytest.fixture
def hostile(hostile_home: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("PHOTOFINISH_HOME", str(hostile_home))
    return Settings()


@pytest.mark.parametrize(
    "command",
    [
        ["gaps"],
        ["gaps", "test/board"],
        ["gaps", "test/board", "--task", NAMES[0]],
        ["gaps", "test/board", "--chained"],
        ["gaps", "test/board", "--definitions"],
        ["gaps", "test/board", "--definitions", "--task", NAMES[0]],
        ["gaps", "test/board", "--frontier"],
        ["gaps", "--frontier"],
        ["gaps", NAMES[0]],
        ["gaps", "test/board", "--task", "[nope]"],
        ["board", "test/board"],
        ["board", "test/board", "--task", NAMES[1]],
        ["board", "test/board", "--heatmap"],
        ["board", "test/board", "--trace"],
        ["board", NAMES[3]],
        ["explain", "test/board"],
        ["explain", "test/board", "--task", NAMES[2]],
        ["pick", "test/board"],
        ["names", "suggest"],
        ["status"],
        ["doctor"],
    ],
    ids=" ".join,
)
def test_names_are_shown_as_they_are_and_do_nothing(hostile: Settings, command: list[str]) -> None:
    done = CliRunner().invoke(cli, command, env={"COLUMNS": "200"})
    # main() puts these in words, escaped.
    assert done.exception is None or isinstance(done.exception, SystemExit | Stop | UnknownBoard), (
        done.exception
    )
    assert "\x1b" not in done.output
    if command[:2] == ["board", "test/board"] and "--trace" not in command:
        assert "[bold red]ada[/bold red]" in " ".join(done.output.split())
    with reader(hostile.published) as db:
        assert db.sql("select count(*) from core.entries").fetchall() == [(100,)]


def test_an_error_that_quotes_a_name_is_printed_as_it_is(
    hostile: Settings, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["photofinish", "gaps", "[/]"])
    with pytest.raises(SystemExit):
        main()
    assert "[/]" in capsys.readouterr().err


def test_a_claim_that_quotes_sql_is_a_name_that_nobody_has(
    hostile: Settings, tmp_path: Path
) -> None:
    file = tmp_path / "claims.toml"
    file.write_text(
        '[[claim]]\nkind = "leader"\ntext = "[/] leads."\nsource = "[bold]x"\n'
        "board = \"test/board\"\ndate = 2025-01-01\nleader = \"x' or '1'='1\"\n"
    )
    done = CliRunner().invoke(cli, ["claims", "--file", str(file)], env={"COLUMNS": "200"})
    assert done.exception is None or isinstance(done.exception, SystemExit | Stop), done.exception
    assert "[/] leads." in done.output
    assert "never listed x' or '1'='1" in done.output


def test_the_artifact_escapes_names_and_causes(
    hostile: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: dict[str, Any] = {}
    monkeypatch.setattr(
        "flows.daily.create_markdown_artifact", lambda **given: written.update(given)
    )
    sick = SourceReport("aider", "quarantined", 1, "the score of '<img src=x> | [a](b)' is odd")
    _write_artifact(hostile, Report("run", [sick]))
    markdown = str(written["markdown"])
    assert not re.search(r"<(?!$)", markdown)
    for name in NAMES:
        assert markdown_text(name) in markdown or name not in markdown
    assert r"\[a\](b)" in markdown
    rows = [line for line in markdown.splitlines() if line.startswith("| test/board")]
    assert all(len(re.findall(r"(?<!\\)\|", row)) == 8 for row in rows)
    with reader(hostile.published) as db:
        assert markdown.count("<") == 0 == gaps_markdown(latest_gaps(db)).count("<")


def test_alerts_notes_and_the_summary_escape_what_strangers_wrote() -> None:
    odd, plain = "<img src=x> | [a](b)", r"&lt;img src=x> \| \[a\](b)"
    alerts = Alerted(on=True, events=[an_event(text=odd)], failed={"hook": odd})
    said = _alerts_markdown(alerts).splitlines()
    assert said[3] == f"- {plain}"
    assert said[4] == f"- alerts: 1 new, 0 sent; channel hook: {plain}, waiting"
    row = summary_markdown([Line("aider", "quarantined", 1, None, None, 0, odd)]).splitlines()[-1]
    assert row == f"| aider | quarantined | 1 | – | – | 0.0 s | {plain} |"
    gap = dict.fromkeys(("runner_up", "gap_1_2_pct", "gap_1_10_pct", "verdict"))
    shown = {"board": odd, "leader": odd, "as_of": NOW.date(), "note": odd, **gap}
    assert gaps_markdown([shown]).splitlines()[-3:] == [
        f"| {plain} | {plain} | – | – | – |  | 2025-03-01 |",
        "",
        f"- {plain} (2025-03-01): {plain}",
    ]


def test_a_home_whose_path_has_a_quote_works(settings: Settings, tmp_path: Path) -> None:
    odd = settings.model_copy(update={"home": tmp_path / 'it\'s; "odd"'})
    run_all(odd)
    with duckdb.connect(str(odd.published), read_only=True) as db:
        assert db.sql("select count(*) from core.entries").fetchall() == [(0,)]


# --- no code in data -----------------------------------------------------------------------------

FORBIDDEN = {"eval", "exec", "compile", "__import__"}
OWN_WORDS = ROOT / "warehouse" / "workers.py"
"""Speaks pickle with the processes that it starts, over a pipe that nobody else holds."""
UNSAFE = {"pickle", "marshal", "shelve", "dill", "joblib", "cloudpickle"}


@pytest.mark.parametrize("room", ["flows", "sources", "warehouse"])
def test_nothing_evaluates_or_unpickles(room: str) -> None:
    for path in (ROOT / room).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                assert node.func.id not in FORBIDDEN, path
            if isinstance(node, ast.Import) and path != OWN_WORDS:
                assert not {a.name.split(".")[0] for a in node.names} & UNSAFE, path
            if isinstance(node, ast.ImportFrom):
                assert (node.module or "").split(".")[0] not in UNSAFE, path
            if isinstance(node, ast.keyword) and node.arg == "shell":
                assert isinstance(node.value, ast.Constant), path
                assert node.value.value is False, path


def test_a_panic_of_the_parser_is_quarantined_and_the_others_are_read(settings: Settings) -> None:
    tidy = load_sources()["tidy"]

    def panics(payload: bytes, captured_at: datetime, *, url: str = "") -> Any:
        raise PanicException("index out of range " + "x" * 10_000)

    archive = Archive(settings.archive)
    good = tidy_csv(scored(ada=2, bea=1), "2025-01-01", {})
    archive.append(
        [
            landed(archive, b"anything", NOW, "file:///a", "broken"),
            landed(archive, good, NOW, "file:///b.csv"),
        ]
    )
    broken = Source(replace(tidy.card, id="broken"), panics, "1")
    pipeline.load_journal(settings, {"broken": broken, "tidy": tidy})
    with closing(connect(settings.build)) as db:
        reason, detail = db.sql("select reason, detail from raw.quarantine").fetchall()[0]
        assert (reason, detail[:14], len(detail)) == (
            "the parser of broken failed; this is a defect in it",
            "PanicException",
            500,
        )
        assert db.sql("select count(*) from parsed.rows").fetchall() == [(2,)]


# --- secrets -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://me:pa55@host/x", "https://***@host/x"),
        ("https://me:p@55@host/x", "https://***@host/x"),
        ("https://t0ken@host/x", "https://***@host/x"),
        ("http://host/x?token=abc&b=1", "http://host/x?token=***&b=1"),
        ("http://host/x?b=1&API_KEY=abc", "http://host/x?b=1&API_KEY=***"),
        ("http://h/?X-Amz-Signature=ab12#f", "http://h/?X-Amz-Signature=***#f"),
        ("http://h/?access_token=abc'", "http://h/?access_token=***'"),
        ("Authorization: Bearer abc.def", "Authorization: Bearer ***"),
        ("{'Authorization': 'Basic bWU6cHc='}", "{'Authorization': 'Basic ***'}"),
        ("git@github.com:a/b and me@x.org", "git@github.com:a/b and me@x.org"),
        ("https://host/a@b?c=d", "https://host/a@b?c=d"),
        ("the key is none", "the key is none"),
    ],
)
def test_logins_and_tokens_are_taken_out(text: str, shown: str) -> None:
    assert redacted(text, {}) == shown


def test_what_the_environment_holds_in_secret_is_taken_out() -> None:
    environ = {
        "PHOTOFINISH_NOTIFY_DEFAULT": "slack://T1/B2/C3",
        "PREFECT_API_KEY": "pnu_123456",
        "PHOTOFINISH_HOME": "/var/home",
        "PHOTOFINISH_NOTIFY_SHORT": "a",
    }
    said = redacted("slack://T1/B2/C3 and pnu_123456 at /var/home", environ)
    assert said == "*** and *** at /var/home"


def test_redacting_a_long_text_is_quick() -> None:
    for text in ("://" + "a" * 200_000, "?" + "token" * 40_000, "Bearer " * 30_000):
        assert len(redacted(text, {})) > 0


def test_a_mirror_with_a_password_is_not_told(settings: Settings) -> None:
    for mirror in ("http://me:s3cret@127.0.0.1:9", "ftp://me:s3cret@host", "http://me:s3cret@[bad"):
        with pytest.raises(FetchFailed) as caught:
            get("https://a.org/x", None, settings.model_copy(update={"mirror": mirror}))
        assert "s3cret" not in str(caught.value)


def test_a_redirect_with_a_token_is_not_told(settings: Settings) -> None:
    with serving() as told:
        told.status, told.headers = 302, {"Location": "gopher://host/?token=s3cret"}
        with pytest.raises(FetchFailed) as caught:
            get(told.url, None, settings)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("debug", [[], ["--debug"]], ids=["plain", "debug"])
def test_neither_the_sentence_nor_the_traceback_tells_a_secret(
    debug: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise RuntimeError("https://me:s3cret@host/?token=t0ken of pnu_123456")

    monkeypatch.setenv("PREFECT_API_KEY", "pnu_123456")
    monkeypatch.setattr("flows.commands.gaps.Settings", fails)
    monkeypatch.setattr(sys, "argv", ["photofinish", *debug, "gaps"])
    with pytest.raises(SystemExit) as ended:
        main()
    said = capsys.readouterr().err
    assert ended.value.code == 3
    assert "https://***@host/?token=*** of ***" in said
    assert ("Traceback" in said) is bool(debug)
    assert not re.search("s3cret|t0ken|pnu_", said)


def test_what_went_wrong_with_the_page_tells_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise OSError("https://me:s3cret@host/?token=t0ken")

    monkeypatch.setenv("PHOTOFINISH_PAGE", "1")
    monkeypatch.setattr("flows.page.site.publish_site", fails)
    assert publish_page.fn() == (
        "the page is as it was before: OSError: https://***@host/?token=***"
    )


# --- files ---------------------------------------------------------------------------------------


def writable_by_all(home: Path) -> list[Path]:
    return [p for p in [home, *home.rglob("*")] if p.lstat().st_mode & stat.S_IWOTH]


@pytest.fixture
def no_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def test_nothing_in_the_home_is_writable_for_everybody(settings: Settings, no_umask: None) -> None:
    """Even where the machine's umask forbids nothing, as in many containers."""
    with pipeline.only_run(settings, "a test"):
        archive = Archive(settings.archive)
        payload = tidy_csv(scored(ada=2, bea=1), "2025-01-01", {})
        archive.append([landed(archive, payload, NOW, "file:///b.csv")])
        run_all(settings)
        Store(settings.alerts_store).live_since(NOW)
    assert len(list(settings.home.rglob("*"))) > 8
    assert writable_by_all(settings.home) == []


def test_only_its_owner_reads_the_alerts(settings: Settings, no_umask: None) -> None:
    store = Store(settings.alerts_store)
    store.live_since(NOW)
    assert stat.S_IMODE(settings.alerts_store.stat().st_mode) == 0o600
    settings.alerts_store.chmod(0o644)
    store.live_since(NOW)
    assert stat.S_IMODE(settings.alerts_store.stat().st_mode) == 0o600


def test_bandit_finds_nothing() -> None:
    """The cheap half of `make audit`; a finding is mended, or says beside it why it is none."""
    pytest.importorskip("bandit")
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "bandit",
            "-q",
            "-c",
            "pyproject.toml",
            "-r",
            "flows",
            "sources",
            "warehouse",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_every_exception_from_bandit_says_why() -> None:
    for room in ("flows", "sources", "warehouse"):
        for path in (ROOT / room).rglob("*.py"):
            lines = path.read_text().splitlines()
            for number, line in enumerate(lines):
                if "# nosec" in line:
                    assert re.search(r"# nosec B\d+", line), (path, number)
                    beside = line.split("# nosec")[1].count("#")
                    above = any("# " in near for near in lines[max(0, number - 12) : number])
                    assert beside or above, (path, number + 1)


@pytest.mark.parametrize(
    ("output", "said", "code"),
    [
        ('{"dependencies": [{"name": "a", "version": "1", "vulns": []}]}', "no known vuln", 0),
        (
            '{"dependencies": [{"name": "a", "version": "1", "vulns": '
            '[{"id": "CVE-1", "fix_versions": ["2"]}]}, {"name": "b", "skip_reason": "gone"}]}',
            "a 1: CVE-1, mended in 2",
            1,
        ),
        (
            '{"dependencies": [{"name": "a", "version": "1", "vulns": []}, '
            '{"name": "b", "skip_reason": "not found"}]}',
            "1 of 2 packages could not be looked up",
            3,
        ),
        ('{"dependencies": []}', "0 of 0 packages", 3),
        ("", "could not ask for vulnerabilities (no network)", 3),
    ],
)
def test_an_audit_that_could_not_look_is_no_good_news(output: str, said: str, code: int) -> None:
    told, ended = runpy.run_path(str(ROOT / ".ci" / "audit.py"))["verdict"](output, "x\nno network")
    assert said in told
    assert ended == code
    assert code != 3 or "pip-audit -r requirements.lock" in told
