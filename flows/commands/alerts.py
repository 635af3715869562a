"""Alerts: where every rule stands, what it would have sent, whether it is written right, silence."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.markup import escape

from flows.alerts.model import Event
from flows.alerts.store import Store, undelivered
from flows.commands.common import DAY, NOTHING, SICK, USAGE, Stop, json_option
from flows.settings import ROOT, Settings
from flows.show.text import counted, print_json
from warehouse import reader

# Rules and templates are read by these commands alone; the others need not wait for them.
if TYPE_CHECKING:
    from flows.alerts.rule import Rule
    from flows.alerts.rules import RefusedRule, Written

file_option = click.option(
    "--file",
    type=click.Path(dir_okay=False, path_type=Path),
    default=lambda: Settings().rules or ROOT / "alerts.toml",
    help="A file of rules (default: PHOTOFINISH_ALERTS, else the alerts.toml of the project).",
)


@click.group()
def alerts() -> None:
    """Alerts: rules that say when a gap, a leader or a source is worth a message."""


@alerts.command(name="list")
@file_option
@click.option("--all", "every", is_flag=True, help="Also the boards on which all is well.")
@json_option
def list_(file: Path, every: bool, as_json: bool) -> None:
    """Show where every rule stands, and what is silenced."""
    from flows.show.alerts import state_facts, states_table

    rules = {rule.name: rule for rule in _read(file).rules}
    store, now = Store(Settings().alerts_store), datetime.now(UTC)
    silences = store.silences(now)
    known = [state for state in store.load_states() if state.rule in rules]
    states = sorted(
        (state for state in known if every or state.phase != "ok"),
        key=lambda state: (state.rule, state.board, state.task),
    )
    if as_json:
        facts = (state_facts(one, rules[one.rule], silences.get(one.rule)) for one in states)
        return print_json(Console(), facts)
    console = Console()
    if states:
        console.print(states_table(states, rules, silences))
    for channel, outcome, reason, count in undelivered(store.rows("outbox")):
        console.print(
            f"[yellow]{count} to {escape(channel)} {outcome}[/]: {escape(reason)}",
            highlight=False,
        )
    console.print(
        f"{counted(len(rules), 'rule')} on {len(known)} boards and sources; "
        f"{len(known) - len(states)} where all is well are not shown (--all does).\n"
        "Next: `photofinish alerts test` shows what they would have sent.",
        highlight=False,
    )
    return None


@alerts.command()
@file_option
@click.option("--rule", "names", multiple=True, metavar="NAME", help="Only this rule (repeat).")
@click.option("--board", help="Only this board or source.")
@click.option("--from", "since", type=DAY, help="The first day to show.")
@click.option("--to", "until", type=DAY, help="The last day to show.")
@json_option
def test(
    file: Path,
    names: tuple[str, ...],
    board: str | None,
    since: datetime | None,
    until: datetime | None,
    as_json: bool,
) -> None:
    """Show what the rules would have sent about the recorded history, in order."""
    from flows.alerts.watch import replayed
    from flows.show.alerts import event_facts, print_events

    if since and until and since > until:
        raise Stop("--from must not be after --to", USAGE)
    rules = _chosen(_read(file), names, file)
    with reader.reader(Settings().published) as db:
        events, problems = replayed(db, rules, datetime.now(UTC))
    shown = [
        event
        for event in events
        if board in (None, event.board)
        and (since is None or event.observed_at.date() >= since.date())
        and (until is None or event.observed_at.date() <= until.date())
    ]
    _warn(problems.items())
    if as_json:
        return print_json(Console(), map(event_facts, shown))
    console = Console()
    print_events(console, shown)
    console.print(
        f"{counted(len(shown), 'message')} of {counted(len(rules), 'rule')}. What depends on when "
        "the runs are is not replayed: staleness, missing data, reminders.\n"
        "Next: tune the rule (docs/alerts.md) and look again.",
        style="dim",
        highlight=False,
    )
    return None


@alerts.command()
@file_option
@click.option("--channel", metavar="NAME", help="Send a test message to this channel.")
def check(file: Path, channel: str | None) -> None:
    """Say whether the rules are written right, and whether a channel works."""
    from flows.alerts.watch import doubts

    written = _read(file)
    console = Console()
    with reader.reader(Settings().published) as db:
        for rule in written.rules:
            console.print(f"[green]ok[/] {escape(rule.name)}", highlight=False)
            for doubt in doubts(db, rule, datetime.now(UTC)):
                console.print(f"   [yellow]{escape(doubt)}[/]", highlight=False, soft_wrap=True)
    if channel:
        _send_test(channel)
        console.print(f"A test message went to {escape(channel)}; see whether it is there.")
    if written.refused:
        one = len(written.refused) == 1
        raise Stop(
            f"{len(written.refused)} {'rule is' if one else 'rules are'} not written right; "
            "the others work. docs/alerts.md shows how",
            USAGE,
        )
    console.print("Next: `photofinish alerts test` shows what they would have sent.")


@alerts.command()
@file_option
@click.argument("name")
@click.option("--until", type=DAY, required=True, help="Silent before this day (UTC).")
def silence(file: Path, name: str, until: datetime) -> None:
    """Send nothing about the rule NAME until a day; a day in the past ends the silence."""
    _chosen(_read(file), (name,), file)
    moment = until.replace(tzinfo=UTC)
    Store(Settings().alerts_store).silence(name, moment)
    if moment <= datetime.now(UTC):
        Console().print(f"{escape(name)} is not silenced any more.", highlight=False)
    else:
        Console().print(
            f"{escape(name)} is silent until {until:%Y-%m-%d}; what it finds is still recorded. "
            "Next: `photofinish alerts list`.",
            highlight=False,
        )


def _read(file: Path) -> Written:
    """The rules of a file; those that are refused are named with their lines."""
    from flows.alerts.rules import BrokenRules, read_rules

    try:
        written = read_rules(file)
    except BrokenRules as error:
        raise Stop(f"{error}; docs/alerts.md shows how to write one", USAGE) from error
    for refused in written.refused:
        Console(stderr=True).print(_refusal(file, refused), highlight=False, soft_wrap=True)
    return written


def _refusal(file: Path, refused: RefusedRule) -> str:
    name = f" ({escape(refused.name)})" if refused.name else ""
    return f"[red]{escape(file.name)} line {refused.line}[/]{name}: {escape(refused.reason)}"


def _chosen(written: Written, names: tuple[str, ...], file: Path) -> list[Rule]:
    from flows.alerts.rule import nearest

    known = {rule.name: rule for rule in written.rules}
    if unknown := [name for name in names if name not in known]:
        raise Stop(
            f"{file.name} has no rule {unknown[0]}; perhaps {nearest(unknown[0], known)}", USAGE
        )
    if not known:
        raise Stop(f"{file.name} has no rule that can be used", NOTHING)
    return [known[name] for name in names] or list(known.values())


def _warn(problems: Iterable[tuple[str, str]]) -> None:
    for name, problem in problems:
        Console(stderr=True).print(f"[yellow]{escape(name)}[/]: {escape(problem)}", soft_wrap=True)


def _send_test(channel: str) -> None:
    from flows.alerts.channels import DeliveryFailed, send

    event = Event(
        rule="test",
        severity="info",
        board="test/board",
        task="overall",
        metric="gap_1_2_pct",
        status="firing",
        observed_at=datetime.now(UTC),
        value=0.36,
        before=0.76,
        threshold=0.5,
        text="A test of photofinish: this channel works. Nothing has crossed a threshold.",
        notify=(channel,),
    )
    try:
        send(channel, "photofinish: test", event.text, [event])
    except DeliveryFailed as error:
        raise Stop(f"the test message did not go out: {error}", SICK) from error
