"""What is said of the files beside a page: the meaning of each column, from the comments in the tables."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from flows.export.about import About, Rights, units

OWN = {
    "events": "what happened, in words: release, rescale, delisting, new leader",
    "now": "position on the latest date",
    "place": "row on the page: the order of overall, then of the mean rank",
    "overall_rank": "rank in the task overall",
    "shade": "how bright the cell is: 0 the worst score shown, 1 the best possible, else the best shown",
    "tied": "cannot be told from the leader (Holm, 5%); null where the leader's noise is unknown",
    "low": "lower end of the 95% interval, published or from the standard error",
    "high": "upper end of it",
    "listed_now": "whether the board's latest state lists the model",
    "best_rank": "the best rank it had there",
    "best_as_of": "the first date it had that rank",
    "first_as_of": "the first date that lists it there",
    "prev_as_of": "date of the snapshot before",
    "n_exits": "models that left since the date before",
    "n_entrants": "models that came since the date before",
    "kind": "new board, new leader, verdict, rescale, delisting or release",
    "prev_leader": "the model in position 1 on the date before",
    "prev_verdict": "the verdict on the date before",
    "prev_gap_pct": "the gap on the date before",
    "said": "the change in a sentence",
    "captured_at": "when it was published to us (UTC)",
}


def about(
    title: str,
    frame: pl.DataFrame,
    meanings: Mapping[str, str],
    rights: tuple[Rights, ...] = (),
    unit: str = "",
) -> About:
    """The description of a frame; `near_` before a column means the gap to the second."""
    columns = {name: meaning(name, meanings) for name in frame.columns}
    return About(
        title,
        title,
        columns=columns,
        units=units(columns, unit) if unit else units(columns),
        rights=rights,
    )


def meaning(name: str, meanings: Mapping[str, str]) -> str:
    """What a column means: the page's own word, else the comment of the table it comes from."""
    if name.startswith("near_"):
        return f"of the gap to the second: {meaning(name.removeprefix('near_'), meanings)}"
    return OWN.get(name) or meanings.get(name, "")
