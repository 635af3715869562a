"""`photofinish pick`: what a buyer reads, what a machine reads, and how it ends."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from flows import cli
from flows.settings import Settings
from flows.show.shortlist import price_in_words, tokens, usd
from tests.conftest import land_prices, lift_price_bounds, scored
from tests.homes import published
from tests.warehouse.test_shortlist import BIG, BOARD, SMALL


@dataclass
class Said:
    code: int
    out: str
    err: str

    @property
    def words(self) -> str:
        return " ".join(self.out.split())


Run = Callable[..., Said]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command as the shell does, 80 columns wide."""
    monkeypatch.setenv("COLUMNS", "80")

    def ran(*args: str) -> Said:
        monkeypatch.setattr("sys.argv", ["photofinish", *args])
        code = 0
        try:
            cli.main()
        except SystemExit as end:
            code = int(end.code or 0)
        said = capsys.readouterr()
        return Said(code, said.out, said.err)

    return ran


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A published file with BOARD, and a board without noise and one without prices; only to be read."""
    folder = tmp_path_factory.mktemp("pick")
    plain = [{"board": "no/noise", **row} for row in scored(ada=2.0, bea=1.0)]
    strange = [{"board": "no/prices", **row} for row in scored(xan=2.0, yan=1.0)]
    with pytest.MonkeyPatch.context() as patch:
        lift_price_bounds(patch)
        settings = Settings(home=folder)
        land_prices(
            settings,
            "2025-01-01",
            ("ada", "harbour", 9, 9, BIG),
            ("bea", "cove", 1, 1, SMALL),
            ("fay", "cove", 0.5, 0.5),
        )
        land_prices(settings, "2025-01-02", ("bea", "cove", 1, 2), source="genai_prices")
        return published(folder, {"2025-01-02": [*BOARD, *plain, *strange]})


@pytest.fixture
def board(home: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """That home, as the one that commands find."""
    monkeypatch.setenv("PHOTOFINISH_HOME", str(home.home))


@pytest.mark.usefixtures("board")
def test_each_line_has_its_reason(run: Run) -> None:
    said = run("pick", "test/board")
    assert said.code == 0
    assert max(map(len, said.out.splitlines())) <= 80
    assert "as of 2025-01-02" in said.out
    (found,) = json.loads(run("pick", "test/board", "--json").out)
    assert {one["model"]: one["reason"] for one in found["choices"]} == {
        "bea": "the cheapest that cannot be told from the leader (Holm, 5%), "
        "at a seventh of its price",
        "ada": "the leader",
        "fay": "cheapest on the Pareto line, 30.0% behind the leader, at 1/18 of its price",
    }
    (cheap,) = json.loads(run("pick", "test/board", "--max-price", "0.75", "--json").out)
    assert [one["reason"] for one in cheap["choices"]] == [
        "the leader, to compare: it does not meet what you ask for",
        "best score under 0.75 USD, 30.0% behind the leader, at 1/18 of its price",
    ]
    assert "None of them has an offer" in run("pick", "test/board", "--max-price", "0.75").words


@pytest.mark.usefixtures("board")
def test_it_says_what_it_does_not_know(run: Run) -> None:
    said = run("pick", "test/board").words
    for words in (
        "Not known here: latency, rate limits, data retention and residency, fine-tuning",
        "photofinish local add FILE",
        "On no price list: cleo, in the tie with the leader",
        "Sources disagree on bea at cove: genai_prices 1 in, 2 out; litellm_prices 1 in, 1 out",
        "Lists last read: genai_prices 2025-01-02, litellm_prices 2025-01-01",
        "three read for one written",
        "3 of 6 models, the leader included, cannot be told apart from it (Holm, 5%)",
    ):
        assert words in said
    assert "tool use of 1 model." in run("pick", "test/board", "--tools").words


@pytest.mark.usefixtures("board")
def test_a_board_without_noise_claims_no_tie(run: Run) -> None:
    said = run("pick", "no/noise").words
    assert "publishes no noise for its leader, so no tie can be claimed" in said
    assert "cannot be told" not in said


@pytest.mark.usefixtures("board")
def test_where_nothing_is_left_it_says_which_option_to_loosen(run: Run) -> None:
    said = run("pick", "test/board", "--max-price", "2", "--min-context", "100000")
    assert (said.code, said.out) == (3, "")
    assert "without --max-price 1 would, the cheapest at 9.00 USD" in said.err
    assert "without --min-context 2 would, the longest context stated being 8000" in said.err
    assert "Left out because it is not stated: context length of 1 model." in said.err
    assert "leave out two" in run("pick", "test/board", "--max-price", "0.1", "--open").err


@pytest.mark.usefixtures("board")
def test_a_board_of_unpriced_models_says_so(run: Run) -> None:
    said = run("pick", "no/prices")
    assert said.code == 3
    assert "no model of no/prices (overall) has a known price" in said.err


def test_before_any_price_has_landed_it_says_how_to_get_them(run: Run, settings: Settings) -> None:
    published(settings.home, {"2025-01-02": BOARD})
    said = run("pick", "test/board")
    assert said.code == 3
    assert "no prices have landed yet; `photofinish run` pulls them" in said.err


@pytest.mark.usefixtures("board")
def test_wrong_usage_ends_with_2(run: Run) -> None:
    assert run("pick", "no/such").code == 2
    assert run("pick", "test/board", "--max-price", "0").code == 2
    assert run("pick", "test/board", "--task", "nosuch").code == 2


@pytest.mark.usefixtures("board")
def test_machines_get_the_same_list_with_its_reasons(run: Run) -> None:
    (found,) = json.loads(run("pick", "test/board", "--json").out)
    assert [one["model"] for one in found["choices"]] == ["bea", "ada", "fay"]
    assert found["tied_unpriced"] == ["cleo"]
    assert found["choices"][0]["offer"]["since"] == "2025-01-02"


@pytest.mark.parametrize(
    ("ratio", "words"),
    [
        (None, ""),
        (1.0, "at the same price"),
        (0.5, "at 2 times its price"),
        (1.25, "at 80% of its price"),
        (1.01, "at 99% of its price"),
        (2.0, "at half its price"),
        (3.1, "at a third of its price"),
        (9.4, "at a ninth of its price"),
        (9.6, "at 1/10 of its price"),
        (66.7, "at 1/67 of its price"),
    ],
)
def test_a_price_is_compared_in_words(ratio: float | None, words: str) -> None:
    assert price_in_words(ratio) == words


def test_prices_and_contexts_are_short() -> None:
    assert [usd(10), usd(0.875), usd(0.0125)] == ["10.00", "0.875", "0.0125"]
    known = [tokens(count) for count in (1_048_576, 131_072, 8192, None)]
    assert known == ["1.05M", "131k", "8192", "?"]
