"""The larger charts, as specifications in Vega-Lite (flows/page/drawing.py draws them, without a browser).

Colours are stand-ins that `themed` replaces by the page's CSS variables, so that one drawing serves light
and dark mode. Specifications are written as they are, since Altair takes ten times as long to check one as
drawing it takes; a test holds them against Altair's schema instead.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import polars as pl
from markupsafe import Markup, escape

from flows.page.words import ORDINALS

Spec = dict[str, Any]

INK, MUTED, LINE, ACCENT = "#000001", "#000002", "#000003", "#000004"
_VARIABLES = {INK: "ink", MUTED: "muted", LINE: "line", ACCENT: "accent"}
PICTURE = {INK: "#1c1b19", MUTED: "#5d5a53", LINE: "#dcd8ce", ACCENT: "#b8400f"}
PAPER = "#fbfaf7"
WIDTH, HEIGHT = 330, 190
"""Drawn at the size of a telephone: scaled up it stays legible, the other way round it would not."""
NAMES = 150
ROOM = 0.09
FONT = "sans-serif"
SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"


def themed(svg: str, name: str, label: str) -> Markup:
    """The SVG for a page: the page's colours and font, its width, ids of its own, and one spoken label.

    The text in it was escaped by the library that drew it.
    """
    for stand_in, variable in _VARIABLES.items():
        svg = svg.replace(f'"{stand_in}"', f'"var(--{variable})"')
    svg = svg.replace(f' font-family="{FONT}"', "")
    svg = re.sub(r'\bid="(?=clip|gradient)', f'id="{name}-', svg)
    svg = re.sub(r"url\(#(?=clip|gradient)", f"url(#{name}-", svg)
    svg = re.sub(r' (aria-[a-z]+|role|xmlns:xlink|pointer-events|class)="[^"]*"', "", svg)
    view = re.search(r'viewBox="[\d .-]*"', svg)
    head = f'<svg class="chart" role="img" aria-label="{escape(label)}" {view[0] if view else ""}>'
    return Markup(re.sub(r"<svg[^>]*>", lambda _: head, svg, count=1))  # noqa: S704 # nosec B704 # escaped where it is made


def gap_chart(series: pl.DataFrame, column: str, events: Sequence[tuple[date, str]]) -> Spec:
    """The gap in `column` over time, with a mark where something happened.

    `series` has as_of and the column. Of `events` (a date and what it was) a new leader is a dot on the line,
    anything else a line across with its name.
    """
    breaks = [day for day, event in events if event == "release"]
    shown = _segments(series.select("as_of", pl.col(column).alias("gap")).drop_nulls(), breaks)
    known = dict(shown.select("as_of", "gap").iter_rows())
    led = [
        _on(day, gap=known[day]) for day, event in events if event == "new leader" and day in known
    ]
    across = [(day, event) for day, event in events if event != "new leader" and day in known]
    # Names of neighbours stand one below the other, so that they stay legible.
    moved = [_on(day, event=name, row=number % 4 * 12) for number, (day, name) in enumerate(across)]
    y = {
        **_quantity("gap"),
        "scale": {"zero": True},
        "axis": {"tickCount": 4, "labelExpr": "format(datum.value, '~g') + '%'"},
    }
    line: Spec = {"type": "line", "interpolate": "step-after", "strokeWidth": 1.6, "color": INK}
    encoding = {"x": _TIME, "y": y, "detail": {"field": "segment", "type": "nominal"}}
    alone = shown.filter(pl.len().over("segment") == 1)
    layers: list[Spec] = [
        {"data": _values(shown), "mark": line, "encoding": encoding},
        {"data": _values(alone), "mark": _point(INK, 12), "encoding": encoding},
    ]
    if moved:
        rule = {"type": "rule", "color": ACCENT, "strokeDash": [3, 3], "opacity": 0.8}
        named = {"type": "text", "color": ACCENT, "fontSize": 10, "align": "left", "dx": 3}
        layers += [
            {"data": {"values": moved}, "mark": rule, "encoding": {"x": _TIME}},
            {
                "data": {"values": moved},
                "mark": {**named, "baseline": "top"},
                "encoding": {
                    "x": _TIME,
                    "y": {"field": "row", "type": "quantitative", "scale": None},
                    "text": {"field": "event", "type": "nominal"},
                },
            },
        ]
    if led:
        layers.append(
            {"data": {"values": led}, "mark": _point(ACCENT, 26), "encoding": {"x": _TIME, "y": y}}
        )
    return _spec(layers, WIDTH, HEIGHT)


def _segments(series: pl.DataFrame, breaks: Sequence[date]) -> pl.DataFrame:
    """The series with the number of the release a date belongs to: no line joins two releases."""
    starts = pl.Series("as_of", list(breaks), dtype=pl.Date).implode()
    return series.with_columns(pl.col("as_of").is_in(starts).cum_sum().alias("segment"))


def bump_chart(ranks: pl.DataFrame) -> Spec:
    """The rank of today's first ten over the latest dates; each line ends at its name."""
    deepest = max(int(ranks["rank"].quantile(0.9) or 10), 10)
    scale = {"domain": [deepest + 0.5, 0.5], "nice": False}
    places = list(range(1, deepest + 1)) if deepest <= 12 else [1, *range(5, deepest + 1, 5)]
    y = {**_quantity("rank"), "scale": scale, "axis": {"values": places, "format": "d"}}
    first = {"test": "datum.now == 1", "value": ACCENT}
    lines: Spec = {
        "x": {**_TIME, "axis": {**_TIME["axis"], "tickCount": 3}},
        "y": y,
        "detail": {"field": "model", "type": "nominal"},
        "color": {"condition": first, "value": MUTED},
    }
    # Names stand in the order of today, one a line, however many share a rank.
    ends = {"filter": "datum.last"}
    names = {"type": "text", "align": "left", "dx": 6, "fontSize": 10.5, "color": INK}
    layers: list[Spec] = [
        {"mark": {"type": "line", "strokeWidth": 1.6, "clip": True}, "encoding": lines},
        {"mark": {**_point(MUTED, 14), "clip": True}, "encoding": lines},
        {
            "transform": [ends],
            "mark": {**names, "limit": NAMES - 34},
            "encoding": {
                "x": _TIME,
                "y": {**_quantity("now"), "scale": scale},
                "text": {"field": "model", "type": "nominal"},
            },
        },
    ]
    last = (pl.col("as_of") == pl.col("as_of").max()).alias("last")
    rows = ranks.select("model", "as_of", "rank", "now", last)
    return _spec(layers, WIDTH - NAMES, HEIGHT + 40, data=_values(rows))


def price_chart(rows: pl.DataFrame, higher_is_better: bool) -> Spec:
    """Price against score, price on a logarithmic scale; the line joins what nothing beats.

    `rows` has model, score, price_usd_per_mtok, on_frontier and tied.
    """
    x = {
        **_quantity("price_usd_per_mtok", "USD per million tokens"),
        "scale": {"type": "log"},
        "axis": {
            "grid": False,
            "tickCount": 4,
            "labelOverlap": True,
            "labelExpr": "'$' + format(datum.value, '~g')",
        },
    }
    y = {
        **_quantity("score"),
        "scale": {"zero": False, "reverse": not higher_is_better},
        "axis": {"tickCount": 5, "labelExpr": "format(datum.value, ',~g')"},
    }
    best = [{"filter": "datum.on_frontier"}]
    tied = {"condition": {"test": "datum.tied", "value": ACCENT}, "value": MUTED}
    names = {"type": "text", "fontSize": 10, "color": INK, "limit": 130, "dy": -7}
    layers: list[Spec] = [
        {
            "transform": best,
            "mark": {"type": "line", "color": LINE, "strokeWidth": 2},
            "encoding": {"x": x, "y": y, "order": _quantity("price_usd_per_mtok")},
        },
        {"mark": _point(MUTED, 30), "encoding": {"x": x, "y": y, "color": tied}},
        {
            "transform": [{"filter": "datum.named"}],
            # To the left of its point in the right half, so that no name leaves the picture.
            "mark": {
                **names,
                "align": {"expr": _INWARD},
            },
            "encoding": {"x": x, "y": y, "text": {"field": "model", "type": "nominal"}},
        },
    ]
    columns = ["model", "score", "price_usd_per_mtok", "on_frontier", "tied"]
    named = rows["model"].is_in(_named(rows).implode())
    return _spec(layers, WIDTH, HEIGHT + 40, data=_values(rows.select(*columns, named=named)))


def _named(rows: pl.DataFrame) -> pl.Series:
    """The models of the Pareto line whose names have room, best first: none within a tenth of the height."""
    room = (rows["score"].max() - rows["score"].min()) * ROOM  # type: ignore[operator]
    kept: list[str] = []
    last: float | None = None
    line = rows.filter("on_frontier").sort("price_usd_per_mtok", descending=True)
    for model, score in line.select("model", "score").iter_rows():
        if last is None or abs(score - last) >= room:
            kept.append(model)
            last = score
    return pl.Series("model", kept, dtype=pl.String)


def card(
    title: str, said: str, rows: Sequence[Mapping[str, Any]], board: Mapping[str, Any]
) -> Spec:
    """The finish line as a picture of 1200 by 630 for those who link to the page (Open Graph)."""
    names = ("model", "score", "low", "high", "tied")
    values = [{name: row[name] for name in names} for row in rows]
    scale = {"zero": False, "reverse": not board["higher_is_better"]}
    label = f"{board['metric']} ({board['unit']})"
    x = {**_quantity("score", label), "scale": scale, "axis": {"tickCount": 6}}
    y = {
        "field": "model",
        "type": "nominal",
        "sort": None,
        "title": None,
        "axis": {"grid": False, "labelLimit": 400, "labelColor": INK, "labelPadding": 14},
    }
    colour = {"condition": {"test": "datum.tied", "value": ACCENT}, "value": MUTED}
    layers: list[Spec] = [
        {
            "mark": {"type": "rule", "strokeWidth": 6, "opacity": 0.45},
            "encoding": {
                "x": {**x, "field": "low"},
                "x2": {"field": "high"},
                "y": y,
                "color": colour,
            },
        },
        {"mark": _point(MUTED, 160), "encoding": {"x": x, "y": y, "color": colour}},
    ]
    headline = {
        "text": _cut(title, 46),
        "subtitle": _cut(said, 80),
        "anchor": "start",
        "frame": "bounds",
        "fontSize": 40,
        "subtitleFontSize": 25,
        "subtitlePadding": 12,
        "offset": 28,
        "color": INK,
        "subtitleColor": ACCENT,
    }
    made = _spec(layers, 1200, 630, data={"values": values})
    made |= {
        "title": headline,
        "background": PAPER,
        "padding": {"left": 48, "right": 48, "top": 44, "bottom": 32},
        "autosize": {"type": "fit", "contains": "padding"},
    }
    made["config"]["axis"] |= {"labelFontSize": 19, "titleFontSize": 17, "gridDash": []}
    return made


def heading(k: int) -> str:
    """What a chart of the gap to the k-th is called."""
    return f"Gap from first to {ORDINALS[k]}"


_INWARD = "scale('x', datum.price_usd_per_mtok) > width / 2 ? 'right' : 'left'"

_TIME: Spec = {
    "field": "as_of",
    "type": "temporal",
    "title": None,
    # Dates without a time are UTC in JavaScript; in another zone they would slip to the day before.
    "scale": {"type": "utc", "padding": 5},
    "axis": {"grid": False, "tickCount": 4, "labelOverlap": True},
}


def _spec(layers: Sequence[Spec], width: int, height: int, data: Spec | None = None) -> Spec:
    """The house style: no box, few quiet grid lines, one accent."""
    return {
        "$schema": SCHEMA,
        "width": width,
        "height": height,
        **({"data": data} if data else {}),
        "layer": list(layers),
        "background": "transparent",
        "padding": 2,
        "config": {
            "font": FONT,
            "aria": False,
            "view": {"stroke": None},
            "axis": {
                "domain": False,
                "ticks": False,
                "labelColor": MUTED,
                "titleColor": MUTED,
                "gridColor": LINE,
                "gridDash": [1, 3],
                "labelFontSize": 11,
                "titleFontSize": 11,
                "titleFontWeight": "normal",
                "labelPadding": 5,
            },
        },
    }


def _quantity(field: str, title: str | None = None) -> Spec:
    return {"field": field, "type": "quantitative", "title": title}


def _point(colour: str, size: int) -> Spec:
    return {"type": "point", "filled": True, "opacity": 1, "size": size, "color": colour}


def _on(day: date, **values: object) -> Spec:
    return {"as_of": day.isoformat(), **values}


def _values(frame: pl.DataFrame) -> Spec:
    """The rows in the specification itself, dates as ISO text."""
    days = [name for name, dtype in frame.schema.items() if dtype == pl.Date]
    return {"values": frame.with_columns(pl.col(days).dt.to_string("%Y-%m-%d")).to_dicts()}


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
