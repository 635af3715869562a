"""SWE-bench: the share of real GitHub issues that a system resolves, on five boards in one file.

An entry is a system (an agent with a model), not a model; only bash-only gives every model the same
small agent. Makers submit their own systems and not all are checked. A date is the day of
submission, not of the board. A name listed several times on a board is one system submitted again:
the best submission is the entry and the others are kept in extra.other_runs; `folder` tells them
apart.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from typing import Any

import orjson
import polars as pl

from sources.contract import OVERALL, Board, Card, SourceChanged, Witness, to_tidy
from sources.reading import json_value, number

INSTANCES = {"Verified": 500, "Lite": 300, "Test": 2294, "Multimodal": 517, "bash-only": 500}


def _board(name: str, title: str, min_rows: int) -> Board:
    return Board(
        board=f"swebench/{name}",
        title=title,
        task_family="agentic coding",
        metric="resolved",
        unit="%",
        higher_is_better=True,
        scale="proportion",
        scoring_method="hidden unit tests of the repository after the system's patch",
        sample_size=f"{INSTANCES[name]} instances, from the publication, not in the file",
        evaluation_date="none stated for the board; each entry has the day of its submission",
        prompts_public="yes",
        contamination="The issues and fixes are public and old; models have likely seen them.",
        min_rows=min_rows,
        max_rows=2000,
        min_score=0,
        max_score=100,
    )


CARD = Card(
    id="swebench",
    title="SWE-bench",
    homepage="https://www.swebench.com",
    urls=(
        "https://raw.githubusercontent.com/SWE-bench/swe-bench.github.io/master/data/leaderboards.json",
    ),
    licence="CC BY-NC 4.0",
    credit="SWE-bench (swebench.com); no commercial use",
    cadence="daily",
    boards=(
        _board("Verified", "SWE-bench Verified", 11),
        _board("Lite", "SWE-bench Lite", 6),
        _board("Test", "SWE-bench, full test set", 5),
        _board("Multimodal", "SWE-bench Multimodal", 8),
        _board("bash-only", "SWE-bench Verified, every model in mini-SWE-agent", 9),
    ),
    witnesses=(
        Witness("swebench/Test", "2024-04-16", "SWE-agent + GPT 4", 12.29),
        Witness("swebench/Lite", "2024-04-16", "SWE-agent + GPT 4", 17.0),
        Witness(
            "swebench/Verified",
            "2025-09-30",
            "EPAM AI/Run Developer Agent v20250719 + Claude 4 Sonnet",
            76.8,
        ),
        Witness("swebench/Multimodal", "2025-09-30", "GUIRepair + o3 (2025-04-16)", 35.98),
        Witness("swebench/bash-only", "2025-09-30", "Claude 4.5 Sonnet (20250929)", 70.6),
    ),
    notes=(
        "Entries are systems, not models: a model's name in one is no measurement of the model.",
        "A name submitted several times keeps its best submission; the others are in extra.",
        "From 2024-07-29 to 2024-08-10 each board was in the file twice; it is read once.",
        "2025-09-10 21:09 one entry reads 271.0 %: the file is refused; mended 20 minutes later.",
        "Some bash-only rates are no multiples of 1/500, so they leave instances out.",
        "517 instances of Multimodal: every published rate is a multiple of 1/517.",
        "A board that the card does not know is left out.",
    ),
)

OLD_NAMES = {"test": "Test", "test_leaderboard": "Test", "lite": "Lite", "lite_leaderboard": "Lite"}
KEPT = (
    *("date", "folder", "checked", "verified", "oss", "os_model", "os_system"),
    *("cost", "instance_cost", "instance_calls", "mini-swe-agent_version"),
)


def parse(payload: bytes, captured_at: dt.datetime, *, url: str = "") -> pl.DataFrame:
    """One payload is one state of all boards. Returns the tidy schema; raises SourceChanged."""
    value = json_value(payload)
    if not isinstance(value, dict):
        raise SourceChanged("the file is not an object of leaderboards")
    boards = _boards(value["leaderboards"]) if "leaderboards" in value else _old_boards(value)
    rows = (
        row
        for name, results in boards.items()
        if name in INSTANCES
        for row in _best_runs(name, results)
    )
    return to_tidy(rows, CARD, captured_at)


def _boards(listed: object) -> dict[str, Any]:
    """{name: results} of the shape since 2024-08-11: a list of boards in any order."""
    if not isinstance(listed, list) or not all(
        isinstance(board, dict) and isinstance(board.get("name"), str) and "results" in board
        for board in listed
    ):
        raise SourceChanged("leaderboards is not a list of boards with a name and results")
    boards = {board["name"]: board["results"] for board in listed}
    if len(boards) != len(listed):
        raise SourceChanged(f"a board is there twice: {', '.join(b['name'] for b in listed)}")
    _need({"Test", "Lite", "Verified"} - set(boards), boards)
    if set(boards) - set(INSTANCES):
        _need(set(INSTANCES) - set(boards), boards)  # the unknown one may be the missing one
    return boards


def _old_boards(value: dict[str, Any]) -> dict[str, Any]:
    """{name: results} of the first shape: one key a board, for two weeks two keys a board."""
    boards: dict[str, Any] = {}
    for key, name in OLD_NAMES.items():
        results = boards.setdefault(name, value[key]) if key in value else None
        if results is not None and _content(results, name) != _content(value[key], name):
            raise SourceChanged(f"the two lists of the board {name} differ")
    _need({"Test", "Lite"} - set(boards), value)
    return boards


def _need(missing: set[str], found: dict[str, Any]) -> None:
    if missing:
        has = ", ".join(found) or "nothing"
        raise SourceChanged(f"no board {', '.join(sorted(missing))}; the file has {has}")


def _content(results: object, name: str) -> list[str]:
    runs = [_run(result, name) for result in _listed(results, name)]
    return sorted(f"{run['model_raw']} {run['score']} {run['extra'].get('folder')}" for run in runs)


def _listed(results: object, name: str) -> list[Any]:
    if not isinstance(results, list) or not results:
        raise SourceChanged(f"the results of the board {name} are not a list of entries")
    return results


def _best_runs(name: str, results: object) -> list[dict[str, Any]]:
    runs: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for result in _listed(results, name):
        run = _run(result, name)
        runs[run["model_raw"]].append(run)
    return [_best(of_system) for of_system in runs.values()]


def _run(result: object, name: str) -> dict[str, Any]:
    system = result.get("name") if isinstance(result, dict) else None
    if not isinstance(result, dict) or not isinstance(system, str):
        raise SourceChanged(f"an entry of the board {name} has no name")
    if "resolved" not in result:
        raise SourceChanged(f"{system!r} on the board {name} has no key resolved")
    listed = result["tags"] if isinstance(result.get("tags"), list) else []
    tags = [tag for tag in listed if isinstance(tag, str)]
    makers = [tag.removeprefix("Org:").strip() for tag in tags if tag.startswith("Org:")]
    kept = {key: result[key] for key in KEPT if isinstance(result.get(key), str | int | float)}
    score = number(result["resolved"], f"resolved of {system!r}")
    return {
        "board": f"swebench/{name}",
        "task": OVERALL,
        "model_raw": " ".join(system.split()),
        "organization_raw": makers[0] if len(makers) == 1 else None,
        "score": score,
        "n": INSTANCES[name],
        "extra": {**kept, "tags": tags} if tags else kept,
    }


def _best(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """The best submission; between equals the last by folder, whatever the order in the file."""
    folders = [str(run["extra"].get("folder", "")) for run in runs]
    if len(set(folders)) != len(folders):
        raise SourceChanged(
            f"a model is listed twice in the same folder: {runs[0]['model_raw']!r} "
            f"on {runs[0]['board']}"
        )
    scores = [-1.0 if run["score"] is None else run["score"] for run in runs]
    order = sorted(range(len(runs)), key=lambda i: (scores[i], folders[i]), reverse=True)
    best, *others = (runs[i] for i in order)
    extra = dict(best["extra"])
    if others:
        extra["other_runs"] = [{"score": run["score"], **run["extra"]} for run in others]
    return {**best, "extra": orjson.dumps(extra).decode()}
