"""alerts.toml: what is right is read, what is wrong is refused with its line and what would be right."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from flows.alerts.rules import BrokenRules, find_places, read_rules
from flows.settings import ROOT
from warehouse.alert_metrics import METRICS

GOOD = 'metric = "gap_1_2_pct"\nop = "<"\nthreshold = 0.5\n'


def written(folder: Path, *rules: str) -> Path:
    path = folder / "alerts.toml"
    path.write_text("".join(f"[[rule]]\n{rule}" for rule in rules))
    return path


def refusal(folder: Path, fields: str, name: str = 'name = "one"\n') -> tuple[int, str]:
    """Line and reason of a rule that stands after a good one, whose header is on line 6."""
    read = read_rules(written(folder, f'name = "good"\n{GOOD}', name + fields))
    assert [rule.name for rule in read.rules] == ["good"]
    (refused,) = read.refused
    return refused.line, refused.reason


def test_a_rule_says_much_in_little(tmp_path: Path) -> None:
    (rule,) = read_rules(written(tmp_path, f'name = "one"\n{GOOD}')).rules
    assert (rule.board, rule.task, rule.for_) == (("*",), ("overall",), 1)
    assert rule.ignore_causes == ("rescale", "release", "turnover")
    assert rule.what is METRICS["gap_1_2_pct"]
    assert [rule.beyond(v) for v in (0.49, 0.5)] == [True, False]


def test_every_field_is_read(tmp_path: Path) -> None:
    fields = """name = "first ten"
board = ["arena/*", "livebench/main"]
task = "*"
metric = "gap_1_k_pct"
k = 10
op = ">="
threshold = 5
recover = 4
for = "2w"
only_if_significant = true
ignore_causes = ["exits", "release"]
severity = "critical"
notify = ["default", "on-call"]
message = "{{ board }}: {{ value_text }}"
resolved_message = "{{ heading }} is over"
send_resolved = false
repeat_every = "12h"
no_data_after = "30d"
"""
    (rule,) = read_rules(written(tmp_path, fields)).rules
    assert rule.what is METRICS["gap_1_10_pct"]
    assert (rule.for_, rule.repeat_every) == (timedelta(days=14), timedelta(hours=12))
    assert [rule.recovered(v) for v in (4.1, 4, 3.9)] == [False, False, True]


@pytest.mark.parametrize(
    ("fields", "line", "reason"),
    [
        ('metric = "gap_1_2_pc"\nop = "<"\nthreshold = 1\n', 8, "perhaps gap_1_2_pct"),
        ('op = "<"\nthreshold = 1\n', 6, "metric is missing"),
        (f"{GOOD}recover = 0.4\n", 11, "the way back is above the threshold: 0.5 or more, not 0.4"),
        (f'{GOOD}fro = "3d"\n', 11, "there is no key 'fro'; perhaps for"),
        (f"{GOOD}for = 0\n", 11, "for: is a number of snapshots (1 or more) or a duration"),
        (f'{GOOD}for = "3 days"\n', 11, "'3 days' is no duration; write for example"),
        (f'{GOOD}for = "99999999999999d"\n', 11, "is no duration"),
        (f'{GOOD}ignore_causes = ["exit"]\n', 11, "there is no cause 'exit'; perhaps exits"),
        (f'{GOOD}notify = "slack://a/b"\n', 11, "names of channels"),
        (f'{GOOD}severity = "high"\n', 11, "severity: Input should be 'info', 'warning' or"),
        (f'{GOOD}message = "{{{{ leadr }}}}"\n', 11, "has no leadr; perhaps leader"),
        (f'{GOOD}message = "{{{{ leader"\n', 11, "the template is wrong"),
        (f'{GOOD}message = "{{{{ value.x }}}}"\n', 11, "the template is wrong"),
        (f'{GOOD}message = "{{{{ 1 / 0 }}}}"\n', 11, "the template cannot be used: ZeroDivision"),
        (f'{GOOD}message = "  "\n', 11, "the template gives no text"),
        (f"{GOOD}board = []\n", 11, "board: "),
        (f"{GOOD}k = 10\n", 11, "k goes with gap_1_k_pct alone"),
        ('metric = "gap_1_k_pct"\nop = "<"\nthreshold = 1\n', 6, "needs k, one of 2, 3, 5, 10"),
        (
            'metric = "gap_1_2_pct"\nop = "=="\nthreshold = 1\n',
            9,
            "op is < or <= or > or >=, not ==",
        ),
        ('metric = "gap_1_2_pct"\nop = "<"\nthreshold = "1"\n', 10, "and so is its threshold"),
        ('metric = "gap_1_2_pct"\nop = "<"\nthreshold = nan\n', 10, "and so is its threshold"),
        ('metric = "leader_changed"\nop = ">"\nthreshold = true\n', 9, "op is == or !=, not >"),
        ('metric = "leader_changed"\nop = "=="\nthreshold = 1\n', 10, "is true or false"),
        ('metric = "verdict"\nop = "=="\nthreshold = "photofinish"\n', 10, "photo finish"),
        (
            'metric = "n_tied"\nop = ">"\nthreshold = 1\nonly_if_significant = true\n',
            11,
            "the noise is known only of gap_1_2_pct",
        ),
        (
            'metric = "kendall_tau"\nop = "<"\nthreshold = 0.9\nfor = 2\n',
            11,
            "over with the next; leave for out",
        ),
        (
            'metric = "verdict"\nop = "=="\nthreshold = "lead"\nrecover = 1\n',
            11,
            "leave recover out",
        ),
        (
            'metric = "staleness_hours"\nop = ">"\nthreshold = 72\nboard = "arena/text"\n',
            11,
            "is of a source: its id",
        ),
    ],
)
def test_a_wrong_rule_is_refused_with_its_line(
    tmp_path: Path, fields: str, line: int, reason: str
) -> None:
    found = refusal(tmp_path, fields)
    assert reason in found[1]
    assert found[0] == line


def test_a_recovery_below_a_ceiling_is_right_and_above_it_wrong(tmp_path: Path) -> None:
    ceiling = 'metric = "gap_1_10_pct"\nop = ">"\nthreshold = 5\nrecover = 6\n'
    assert "the way back is below the threshold: 5 or less, not 6" in refusal(tmp_path, ceiling)[1]


def test_the_second_rule_of_a_name_is_refused(tmp_path: Path) -> None:
    line, reason = refusal(tmp_path, GOOD, 'name = "good"\n')
    assert (line, reason) == (7, "name: line 1 has a rule 'good' already; name this one otherwise")


def test_several_mistakes_of_a_rule_are_named_at_once(tmp_path: Path) -> None:
    line, reason = refusal(tmp_path, 'metric = "gap_1_2_pct"\nop = "<<"\nfro = 1\n')
    assert line == 6
    assert all(part in reason for part in ("threshold is missing", "op: ", "no key 'fro'"))


def test_a_template_cannot_reach_out_of_its_sandbox(tmp_path: Path) -> None:
    message = "message = \"{{ ''.__class__.__mro__[1].__subclasses__() }}\"\n"
    assert "the template" in refusal(tmp_path, GOOD + message)[1]


def test_a_file_that_is_no_list_of_rules_says_so(tmp_path: Path) -> None:
    path = tmp_path / "alerts.toml"
    path.write_text("[[rule]\n")
    with pytest.raises(BrokenRules, match=r"is not TOML: .*line 1"):
        read_rules(path)
    with pytest.raises(BrokenRules, match="cannot be read"):
        read_rules(tmp_path / "none.toml")
    path.write_text("\n[channels]\na = 1\n")
    (refused,) = read_rules(path).refused
    assert (refused.line, refused.reason) == (
        2,
        "there is no channels; a file of rules has [[rule]]",
    )
    path.write_text('rule = ["a"]\n')
    assert read_rules(path).refused[0].reason == "write each rule under [[rule]]"
    path.write_text("")
    assert list(read_rules(path).rules) == []


def test_lines_are_found_behind_texts_of_several_lines_and_comments() -> None:
    top, places = find_places(
        '# """\n[[rule]]\nname = "a"\nmessage = """\nop = "x"\n[[rule]]\n"""\nop = "<"\n'
        'ignore_causes = [\n  "exits",\n]\n  [[ rule ]] # second\n"name" = \'b\'\n'
    )
    assert [place.line for place in places] == [2, 12]
    assert places[0].keys == {"name": 3, "message": 4, "op": 8, "ignore_causes": 9}
    assert places[1].keys == {"name": 13}
    assert top.keys == {}


def test_the_rules_that_are_shipped_are_right_and_few() -> None:
    read = read_rules(ROOT / "alerts.toml")
    assert read.refused == []
    assert 4 <= len(read.rules) <= 8
    assert all(rule.notify == ("default",) for rule in read.rules)
