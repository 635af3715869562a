"""What an alert can watch: the metrics by name, and what can be said of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

VERDICTS = ("lead", "photo finish", "unknown")
CAUSES = ("exits", "rescale", "scores", "entries", "none", "release", "turnover")
"""The causes of metrics.gap_changes."""

KS = (2, 3, 5, 10)


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One thing that a rule can watch.

    of: a board at a date; a step from one date to the next (true or high for that step alone); or a
    source of data. k: the place that the facts and the cause are about. noisy: a standard error is
    known where the board publishes its noise.
    """

    name: str
    words: str
    kind: Literal["number", "yes or no", "verdict"] = "number"
    of: Literal["board", "step", "source"] = "board"
    unit: str = ""
    k: int = 2
    noisy: bool = False


def _gap(k: int) -> Metric:
    place = {2: "2nd", 3: "3rd"}.get(k, f"{k}th")
    return Metric(name=f"gap_1_{k}_pct", words=f"1st–{place} gap", unit="%", k=k, noisy=True)


_ALL = (
    *(_gap(k) for k in KS),
    Metric(name="n_tied", words="models tied for the lead"),
    Metric(name="verdict", words="1st against 2nd", kind="verdict"),
    Metric(name="leader_changed", words="new leader", kind="yes or no", of="step", noisy=True),
    Metric(name="top10_entrants", words="new in the first ten", of="step", k=10),
    Metric(name="kendall_tau", words="Kendall's tau with the order before", of="step"),
    Metric(name="frontier_country_gap_pct", words="US–CN gap", unit="%", noisy=True),
    Metric(name="frontier_openness_gap_pct", words="proprietary–open gap", unit="%", noisy=True),
    Metric(name="staleness_hours", words="since the last good fetch", of="source", unit=" h"),
    Metric(name="quarantined", words="quarantined", kind="yes or no", of="source"),
)

METRICS: Mapping[str, Metric] = {metric.name: metric for metric in _ALL}
