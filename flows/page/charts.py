"""The larger charts, by Altair: built as a specification, drawn to SVG without a browser.

Colours are stand-ins that `themed` replaces by the page's CSS variables, so that one drawing serves light
and dark mode.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import polars as pl
import vl_convert as vlc
from markupsafe import Markup

from flows.page.words import ORDINALS

INK, MUTED, LINE, ACCENT, PAPER = "#000001", "#000002", "#000003", "#000004", "#000005"
_VARIABLES = {INK: "ink", MUTED: "muted", LINE: "line", ACCENT: "accent", PAPER: "paper"}
LIGHT = {INK: "#1c1b19", MUTED: "#5d5a53", LINE: "#dcd8ce", ACCENT: "#b8400f", PAPER: "#fbfaf7"}
WIDTH, HEIGHT = 330, 190
"""Drawn at the size of a telephone: scaled up on a desk it stays legible, the other way round it would not."""
NAME_WIDTH = 150
EVENTS = ("release", "rescale", "delisting", "new leader")
FONT = "sans-serif"
SCHEMA = "v6_1"


def themed(svg: str, name: str, label: str) -> Markup:
    """The SVG for a page: the page's colours and font, its width, ids of its own, and one spoken label.

    The text in it was escaped by the library that drew it.
    """
    for stand_in, variable in _VARIABLES.items():
        svg = svg.replace(f'"{stand_in}"', f'"var(--{variable})"')
    svg = svg.replace(f' font-family="{FONT}"', "")
    svg = re.sub(r'\b(id=")(?=clip|gradient)', rf"\1{name}-", svg)
    svg = re.sub(r"url\(#(?=clip|gradient)", f"url(#{name}-", svg)
    svg = re.sub(r' (aria-[a-z]+|role|xmlns:xlink|pointer-events|class)="[^"]*"', "", svg)
    view = re.search(r'viewBox="[^"]*"', svg)
    head = f'<svg class="chart" role="img" aria-label="{Markup.escape(label)}" {view[0] if view else ""}>'
    return Markup(re.sub(r"<svg[^>]*>", lambda _: head, svg, count=1))


def draw(chart: alt.TopLevelMixin) -> str:
    """The chart as SVG, a document of its own."""
    return str(vlc.vegalite_to_svg(chart.to_json(indent=None), vl_version=SCHEMA))


def styled(chart: Any, ink: Mapping[str, str] | None = None) -> Any:
    """The house style: no box, few quiet grid lines, one accent."""
    colour = ink or {name: name for name in _VARIABLES}
    return (
        chart.configure(background="transparent", font=FONT, aria=False, padding=2)
        .configure_view(stroke=None)
        .configure_axis(
            labelColor=colour[MUTED],
            titleColor=colour[MUTED],
            gridColor=colour[LINE],
            domain=False,
            ticks=False,
            labelFontSize=11,
            titleFontSize=11,
            titleFontWeight="normal",
            labelPadding=5,
            gridDash=[1, 3],
        )
    )


def gap_chart(series: pl.DataFrame, column: str, events: Sequence[Mapping[str, Any]]) -> Any:
    """The gap in `column` over time, with a mark where something happened to the list or the scale.

    `series` has as_of and the column, `events` as_of and event; a new leader is a dot on the line, anything
    else a line across with its name.
    """
    shown = series.select("as_of", pl.col(column).alias("gap")).drop_nulls()
    x = alt.X("as_of:T", title=None, axis=alt.Axis(grid=False, tickCount=5, labelOverlap=True))
    y = alt.Y("gap:Q", title=None, scale=alt.Scale(zero=True), axis=alt.Axis(tickCount=4, format="~g",
              labelExpr="datum.label + '%'"))
    base = alt.Chart(_rows(shown))
    layers = [base.mark_line(color=INK, strokeWidth=1.6, interpolate="step-after").encode(x, y)]
    happened = pl.DataFrame(
        list(events), schema={"as_of": pl.Date, "event": pl.String}, orient="row"
    ).join(shown, on="as_of", how="inner")
    led = happened.filter(pl.col("event") == "new leader")
    moved = happened.filter(pl.col("event") != "new leader")
    if moved.height:
        lines = alt.Chart(_rows(moved))
        layers += [
            lines.mark_rule(color=ACCENT, strokeDash=[3, 3], opacity=0.8).encode(alt.X("as_of:T")),
            alt.Chart(_rows(_apart(moved)))
            .mark_text(color=ACCENT, fontSize=10, align="left", dx=3, baseline="top")
            .encode(alt.X("as_of:T"), alt.Y("row:Q", scale=None), text="event:N"),
        ]
    if led.height:
        layers.append(
            alt.Chart(_rows(led))
            .mark_point(filled=True, color=ACCENT, size=26, opacity=1)
            .encode(alt.X("as_of:T"), alt.Y("gap:Q"))
        )
    if shown.height == 1:
        layers.append(base.mark_point(filled=True, color=INK, size=30, opacity=1).encode(x, y))
    return styled(alt.layer(*layers).properties(width=WIDTH, height=HEIGHT))


def _apart(events: pl.DataFrame) -> pl.DataFrame:
    """Names of events one below the other, so that neighbours stay legible."""
    return events.with_columns((pl.int_range(pl.len()) % 4 * 12).alias("row"))


def bump_chart(ranks: pl.DataFrame) -> Any:
    """The rank of today's first ten over the latest dates; each line ends at its name."""
    shown = ranks.select("model", "as_of", "rank", "now")
    # Names stand in the order of today, one a line, however many share a rank.
    ends = shown.filter(pl.col("as_of") == pl.col("as_of").max())
    deepest = max(int(shown["rank"].quantile(0.9) or 10), 10)
    y = alt.Y("rank:Q", title=None, scale=alt.Scale(domain=[deepest + 0.5, 0.5], nice=False),
              axis=alt.Axis(values=list(range(1, deepest + 1, 1 if deepest <= 12 else 5)), format="d"))
    x = alt.X("as_of:T", title=None, axis=alt.Axis(grid=False, tickCount=3, labelOverlap=True))
    colour = alt.condition("datum.now == 1", alt.value(ACCENT), alt.value(MUTED))
    base = alt.Chart(_rows(shown)).encode(x, y, detail="model:N")
    named = (
        alt.Chart(_rows(ends))
        .mark_text(align="left", dx=6, fontSize=10.5, limit=NAME_WIDTH - 10, color=INK)
        .encode(
            alt.X("as_of:T"),
            alt.Y("now:Q", scale=alt.Scale(domain=[deepest + 0.5, 0.5], nice=False), title=None),
            text="model:N",
        )
    )
    layers = alt.layer(
        base.mark_line(strokeWidth=1.6, clip=True).encode(color=colour),
        base.mark_point(filled=True, size=14, opacity=1, clip=True).encode(color=colour),
        named,
    )
    return styled(layers.properties(width=WIDTH - NAME_WIDTH, height=HEIGHT + 40))


def price_chart(rows: pl.DataFrame, higher_is_better: bool, unit: str) -> Any:
    """Price against score, price on a logarithmic scale; the Pareto line joins what nothing beats."""
    shown = rows.select("model", "score", "price", "on_frontier", "tied")
    axis = alt.Axis(grid=False, format="~g", labelExpr="'$' + datum.label", tickCount=4, labelOverlap=True)
    x = alt.X("price:Q", title="USD per million tokens", scale=alt.Scale(type="log"), axis=axis)
    y = alt.Y("score:Q", title=None, axis=alt.Axis(tickCount=5, format="~g"),
              scale=alt.Scale(zero=False, reverse=not higher_is_better, nice=True))
    colour = alt.condition("datum.tied", alt.value(ACCENT), alt.value(MUTED))
    base = alt.Chart(_rows(shown)).encode(x, y)
    line = alt.Chart(_rows(shown.filter("on_frontier")))
    layers = alt.layer(
        line.mark_line(color=LINE, strokeWidth=2).encode(x, y, order="price:Q"),
        base.mark_point(filled=True, size=30, opacity=0.9).encode(color=colour),
        line.mark_text(align="left", dx=6, dy=-4, fontSize=10, color=INK, limit=120).encode(
            x, y, text="model:N"
        ),
    )
    return styled(layers.properties(width=WIDTH, height=HEIGHT + 40))


def card(title: str, said: str, rows: Sequence[Mapping[str, Any]], board: Mapping[str, Any]) -> bytes:
    """The finish line as a picture of 1200 by 630 for those who link to the page (Open Graph)."""
    frame = pl.DataFrame(
        [{name: row[name] for name in ("model", "score", "low", "high", "position")}
         | {"tied": bool(row["tied"])} for row in rows],
        schema={"model": pl.String, "score": pl.Float64, "low": pl.Float64, "high": pl.Float64,
                "position": pl.Int64, "tied": pl.Boolean},
    )
    scale = alt.Scale(zero=False, reverse=not board["higher_is_better"])
    x = alt.X("score:Q", title=f"{board['metric']} ({board['unit']})", scale=scale,
              axis=alt.Axis(tickCount=6))
    y = alt.Y("model:N", title=None, sort=alt.SortField("position"), axis=alt.Axis(grid=False,
              labelLimit=420, labelColor=LIGHT[INK]))
    colour = alt.condition("datum.tied", alt.value(LIGHT[ACCENT]), alt.value(LIGHT[MUTED]))
    base = alt.Chart(_rows(frame)).encode(y=y)
    layers = alt.layer(
        base.mark_rule(strokeWidth=6, opacity=0.45).encode(
            alt.X("low:Q", title=x["title"], scale=scale), alt.X2("high:Q"), color=colour
        ),
        base.mark_point(filled=True, size=160, opacity=1).encode(x, color=colour),
    ).properties(
        width=680,
        height=400,
        title=alt.TitleParams(
            _cut(title, 46), subtitle=_cut(said, 80), anchor="start", fontSize=38, subtitleFontSize=24,
            subtitlePadding=12, offset=26, color=LIGHT[INK], subtitleColor=LIGHT[ACCENT], frame="bounds",
        ),
    )
    chart = styled(layers, LIGHT).properties(
        background=LIGHT[PAPER],
        padding={"left": 40, "right": 40, "top": 40, "bottom": 30},
        autosize=alt.AutoSizeParams(type="fit", contains="padding"),
    )
    chart = chart.configure_axis(labelFontSize=19, titleFontSize=17, domain=False, ticks=False,
                                 gridColor=LIGHT[LINE], labelColor=LIGHT[MUTED],
                                 titleColor=LIGHT[MUTED], titleFontWeight="normal")
    specification = chart.properties(width=1200, height=630).to_json(indent=None)
    return bytes(vlc.vegalite_to_png(specification, vl_version=SCHEMA, scale=1))


def heading(k: int) -> str:
    return f"Gap from first to {ORDINALS[k]}"


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _rows(frame: pl.DataFrame) -> alt.Data:
    """The rows in the specification itself, dates as ISO text."""
    dates = [name for name, dtype in frame.schema.items() if dtype == pl.Date]
    plain = frame.with_columns(pl.col(dates).dt.to_string("%Y-%m-%d")) if dates else frame
    return alt.Data(values=plain.to_dicts())
