"""What the documents say is so: commands, tables, settings, rooms."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from flows.alerts.tables import TABLES
from flows.cli import cli
from flows.pipeline import SQL, STEPS
from flows.settings import ROOT, Settings
from warehouse.models import read_models
from warehouse.raw_tables import COMMENTS

README = (ROOT / "README.md").read_text()


def test_the_readme_lists_every_command() -> None:
    table = README.split("## Commands")[1].split("## ")[0]
    listed = set(re.findall(r"^\| `(\w+)", table, re.MULTILINE))
    assert listed == set(cli.commands)


def test_the_readme_lists_every_published_table() -> None:
    tables = [model.table for model in read_models(SQL, STEPS)] + list(COMMENTS)
    tables += [f"alerts.{name}" for name in TABLES]
    assert [table for table in tables if f"`{table}`" not in README] == []


def test_the_readme_lists_every_setting() -> None:
    settings = set(Settings.model_fields) - {"build_name"}
    assert [s for s in settings if f"`PHOTOFINISH_{s.upper()}`" not in README] == []


def test_every_pin_has_its_reason() -> None:
    import tomllib

    decisions = (ROOT / "docs" / "decisions.md").read_text()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    names = [
        dependency.split(">")[0].split("=")[0].split("<")[0]
        for dependency in project["dependencies"]
    ]
    assert [name for name in names if name not in decisions.split("## The journal")[0]] == []


def test_the_lock_names_no_registry() -> None:
    lock = (ROOT / "requirements.lock").read_text()
    assert [word for word in ("://", "--index-url", "--find-links", " @ ") if word in lock] == []


ALLOWED = {
    "sources": {"sources"},
    "warehouse": {"warehouse"},
    "flows": {"flows", "sources", "warehouse"},
}


@pytest.mark.parametrize("room", ALLOWED)
def test_imports_point_one_way(room: str) -> None:
    ours = set(ALLOWED)
    for path in (ROOT / room).rglob("*.py"):
        if "data" in path.parts:
            continue
        assert imported(path) & ours <= ALLOWED[room], path


@pytest.mark.parametrize("path", sorted((ROOT / "sources").glob("*.py")), ids=lambda p: p.stem)
def test_a_source_knows_neither_network_nor_database(path: Path) -> None:
    assert not imported(path) & {"requests", "duckdb", "prefect", "socket", "urllib", "os", "time"}


def imported(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.split(".")[0])
    return names
