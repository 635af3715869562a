"""The results as tables, for a terminal or for the documents."""

from __future__ import annotations

from collections.abc import Sequence

from bench.runner import Result, Results
from bench.targets import Verdict, verdicts

TITLES = {
    "read": "floor: read the stored bytes",
    "unzip": "floor: unzip them",
    "orjson": "floor: orjson over the unzipped bytes",
    "insert": "floor: insert the entries from Arrow",
    "rebuild": "photofinish rebuild: every table, published",
    "pandas": "pandas script",
    "plain-sql": "DuckDB, SQL over the JSON (no tau, no RBO)",
    "dlt": "dlt into DuckDB, then the same SQL",
    "dlt-arrow": "dlt with Arrow tables, then the same SQL",
    "day": "photofinish, one more day",
    "unchanged": "photofinish, a day without change",
    "queries": "three questions to the published file",
    "file": "size of the published file",
    "gaps": "`photofinish gaps`, the whole process",
    "ranks": "ranks",
}
SIZES = ("M", "S", "M90", "L", "T")
MEGABYTE = 1_000_000

Row = tuple[str, ...]


def measurements(results: Results) -> list[Row]:
    """What, size, median seconds, spread, to the rebuild, peak MB, details."""
    head = ("measured", "size", "seconds", "least–most", "to rebuild", "peak MB", "of which")
    order = list(TITLES)
    ordered = sorted(results.values(), key=lambda r: (SIZES.index(r.size), order.index(r.name)))
    return [head, *(_row(result, results) for result in ordered)]


def _row(result: Result, results: Results) -> Row:
    title = TITLES[result.name]
    if result.error:
        return (title, result.size, "failed", "", "", "", result.error)
    seconds = result.numbers.get("seconds")
    ours = results.get(("rebuild", result.size))
    ratio = seconds / ours.numbers["seconds"] if seconds and ours and ours.numbers else None
    spread = f"{result.lowest:.3g}–{result.highest:.3g} ({result.runs})" if seconds else ""
    return (
        title,
        result.size,
        "" if seconds is None else f"{seconds:.3g}",
        spread,
        "" if ratio is None else f"{ratio:.2g}x",
        f"{result.peak_mb:.0f}",
        ", ".join(_detail(key, value) for key, value in result.numbers.items() if key != "seconds"),
    )


def _detail(key: str, value: float) -> str:
    name = key.replace("_", " ")
    if key.endswith("bytes"):
        return f"{name.removesuffix('bytes').strip() or 'file'} {value / MEGABYTE:.1f} MB"
    return f"{name} {value:.2f}" if value >= 1 else f"{name} {1000 * value:.0f} ms"


def targets(results: Results) -> list[Row]:
    """Claim, measured, limit, and whether it is met."""
    return [("target", "measured", "limit", "met"), *(_target(v) for v in verdicts(results))]


def _target(verdict: Verdict) -> Row:
    target, value = verdict.target, verdict.value
    bound = "at least" if target.at_least else "at most"
    measured = "not measured" if value is None else _quantity(value, target.unit)
    met = {True: "yes", False: "NO", None: ""}[verdict.met]
    return (target.claim, measured, f"{bound} {_quantity(target.limit, target.unit)}", met)


def _quantity(value: float, unit: str) -> str:
    written = f"{value:.0f}" if value >= 100 else f"{value:.3g}"
    return f"{written}{unit}" if unit == "x" else f"{written} {unit}"


def plain(rows: Sequence[Row]) -> str:
    """Aligned columns."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
    return "\n".join([lines[0], "-" * min(sum(widths) + 2 * len(widths), 120), *lines[1:]])


def markdown(rows: Sequence[Row]) -> str:
    """A Markdown table."""
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([lines[0], f"|{'---|' * len(rows[0])}", *lines[1:]])
