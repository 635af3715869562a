"""Git repositories made by hand: which versions are found, what is landed, what is left out."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from itertools import islice
from pathlib import Path

import duckdb
import pytest

from flows.backfill import Recorded, read_recordings, recorded
from flows.git import NoHistory
from flows.git_history import Committed, committed, opened, read_blobs
from flows.landing import between, land
from flows.settings import Settings
from sources import load_sources
from tests.conftest import SOAK
from tests.flows.machine import photofinish
from tests.flows.prefect_server import Server
from tests.flows.test_backfill import bring_up_to_date, contents, filled
from tests.flows.test_commands import process
from warehouse.archive import Archive

CARDS = {id_: source.card for id_, source in load_sources().items()}
LMSYS = "csv/lmsys.csv"
EDIT = "aider/website/_data/edit_leaderboard.yml"
OLD_EDIT = "website/_data/edit_leaderboard.yml"


class Repository:
    """A repository to which commits are added at given times."""

    def __init__(self, path: Path, branch: str = "main") -> None:
        self.path = path
        subprocess.run(["git", "init", "-q", "-b", branch, str(path)], check=True)

    def git(self, *arguments: str, at: str = "2025-01-01T00:00:00Z") -> str:
        """Run git here as an author of no configuration, at a time. Returns what it prints."""
        done = subprocess.run(
            ["git", *arguments],
            cwd=self.path,
            check=True,
            capture_output=True,
            text=True,
            env={
                **os.environ,
                **{f"GIT_{who}_{what}": "a" for who in ROLES for what in ("NAME", "EMAIL")},
                **{f"GIT_{who}_DATE": at for who in ROLES},
                "GIT_CONFIG_GLOBAL": os.devnull,
            },
        )
        return done.stdout.strip()

    def commit(self, at: str, files: dict[str, str | bytes | None]) -> str:
        """Write, or delete (None), files and commit them. Returns the commit."""
        for name, content in files.items():
            path = self.path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if content is None:
                path.unlink()
            else:
                path.write_bytes(content.encode() if isinstance(content, str) else content)
        self.git("add", "--all", at=at)
        self.git("commit", "-q", "--allow-empty", "-m", "x", at=at)
        return self.head()

    def head(self) -> str:
        """The commit of the branch that is checked out; read, for git would be one process more."""
        branch = (self.path / ".git" / "HEAD").read_text().removeprefix("ref: ").strip()
        return (self.path / ".git" / branch).read_text().strip()

    def take_in(self, commits: Iterable[bytes]) -> None:
        """Add many commits by one process."""
        given = b"".join(commits)
        subprocess.run(["git", "fast-import", "--quiet"], cwd=self.path, check=True, input=given)

    def bare(self, path: Path, *options: str) -> Path:
        """A bare clone over the transport, so that options like --depth count."""
        self.git("clone", "-q", "--bare", *options, f"file://{self.path}", str(path))
        return path

    def stored(self, commit: str, path: str) -> Path:
        """Where the object is that holds a file of a commit."""
        blob = self.git("rev-parse", f"{commit}:{path}")
        return self.path / ".git" / "objects" / blob[:2] / blob[2:]

    def lose(self, commit: str, path: str, damage: bytes | None = None) -> None:
        """Delete, or overwrite, the object that holds a file of a commit."""
        stored = self.stored(commit, path)
        stored.chmod(0o644)
        stored.unlink() if damage is None else stored.write_bytes(damage)


ROLES = ("AUTHOR", "COMMITTER")


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "clone")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Repository, list[str]]:
    """A repository with what `three` puts into that of a test, and its commits."""
    repository = Repository(tmp_path_factory.mktemp("three") / "clone")
    return repository, [
        repository.commit(f"2025-01-0{day}T12:00:00Z", {LMSYS: arena(leads)})
        for day, leads in ((1, 1300), (2, 1310), (3, 1300))
    ]


@pytest.fixture
def three(repository: Repository, made: tuple[Repository, list[str]]) -> list[str]:
    """Three versions of the arena's file, three days in a row; the last returns to the first."""
    shutil.copytree(made[0].path, repository.path, dirs_exist_ok=True)
    return made[1]


def arena(leads: int, models: int = 90) -> str:
    """A table like the arena's, whose first model has a score of its own."""
    header = "rank,model,arena_score,95_pct_ci,votes,organization,license"
    rows = [f"1,model-0,{leads},+5/-5,1000,OpenAI,Proprietary"]
    rows += [f"2,model-{n},{1250 - n},+5/-5,1000,OpenAI,Proprietary" for n in range(1, models)]
    return "\n".join([header, *rows, ""])


def found(
    place: Path | str, settings: Settings, source: str = "arena_csv"
) -> list[tuple[str, str, str]]:
    """Of each version the day, the file's name and the first line, oldest first."""
    skipped: list[str] = []
    with opened(str(place), settings) as folder:
        versions = between(committed(folder, CARDS[source]), None, None)
        told = [
            (f"{v.captured_at:%Y-%m-%d}", v.url.rsplit("/", 1)[1], payload.split(b"\n")[0].decode())
            for v, payload in read_blobs(folder, versions, max_bytes=10**6, skipped=skipped)
        ]
    assert skipped == []
    return told


def landed(
    place: Path, settings: Settings, days: tuple[date | None, date | None] = (None, None)
) -> tuple[int, list[str]]:
    """Land what a repository holds of the arena. Returns how many, and what was left out."""
    skipped: list[str] = []
    with opened(str(place), settings) as folder:
        versions = between(committed(folder, CARDS["arena_csv"]), *days)
        read = partial(read_blobs, folder, max_bytes=settings.max_bytes, skipped=skipped)
        return land(versions, read, Archive(settings.archive), "run"), skipped


def test_every_version_is_found_at_its_time_also_one_that_returns(
    repository: Repository, settings: Settings
) -> None:
    repository.commit("2025-01-01T23:30:00-05:00", {LMSYS: "a"})
    repository.commit("2025-01-03T00:00:00Z", {LMSYS: "b", "README.md": "other"})
    repository.commit("2025-01-04T00:00:00Z", {"README.md": "nothing of ours"})
    repository.commit("2025-01-05T00:00:00Z", {LMSYS: "a"})
    name = "lmsys.csv"
    assert found(repository.path, settings) == [
        ("2025-01-02", name, "a"),
        ("2025-01-03", name, "b"),
        ("2025-01-05", name, "a"),
    ]


def test_a_bare_clone_a_working_one_and_an_address_are_the_same(
    repository: Repository, three: list[str], settings: Settings, tmp_path: Path
) -> None:
    working = found(repository.path, settings)
    assert len(working) == 3
    assert found(repository.bare(tmp_path / "bare.git"), settings) == working
    assert found(repository.path / ".git", settings) == working
    assert found(f"file://{repository.path}", settings) == working
    assert not (settings.home / "clone").exists()


def test_reading_changes_nothing_in_the_clone(
    repository: Repository, three: list[str], settings: Settings
) -> None:
    before = {p: p.stat().st_mtime_ns for p in repository.path.rglob("*")}
    found(repository.path, settings)
    assert {p: p.stat().st_mtime_ns for p in repository.path.rglob("*")} == before


def test_a_deleted_file_is_no_version_and_may_return(
    repository: Repository, settings: Settings
) -> None:
    repository.commit("2025-01-01T00:00:00Z", {LMSYS: "a"})
    repository.commit("2025-01-02T00:00:00Z", {LMSYS: None})
    repository.commit("2025-01-03T00:00:00Z", {LMSYS: "a"})
    assert [day for day, _, _ in found(repository.path, settings)] == ["2025-01-01", "2025-01-03"]


def test_a_link_is_no_version(repository: Repository, settings: Settings) -> None:
    repository.commit("2025-01-01T00:00:00Z", {LMSYS: "a"})
    (repository.path / LMSYS).unlink()
    (repository.path / LMSYS).symlink_to("elsewhere")
    repository.commit("2025-01-02T00:00:00Z", {})
    assert len(found(repository.path, settings)) == 1


def test_a_former_path_counts_as_the_file(repository: Repository, settings: Settings) -> None:
    repository.commit("2024-07-01T00:00:00Z", {OLD_EDIT: "a"})
    repository.commit("2024-07-06T00:00:00Z", {OLD_EDIT: None, EDIT: "a"})
    repository.commit("2024-07-07T00:00:00Z", {EDIT: "c"})
    assert found(repository.path, settings, "aider") == [
        ("2024-07-01", "edit_leaderboard.yml", "a"),
        ("2024-07-06", "edit_leaderboard.yml", "a"),
        ("2024-07-07", "edit_leaderboard.yml", "c"),
    ]


@pytest.mark.parametrize("former", ["a.csv", "z.csv"])
def test_where_old_and_new_path_change_together_the_new_one_counts(
    repository: Repository, former: str
) -> None:
    url = CARDS["arena_csv"].requests(date(2025, 1, 1))[0][0]
    card = replace(CARDS["arena_csv"], former_paths={former: url})
    repository.commit("2025-01-01T00:00:00Z", {former: "old", LMSYS: "new"})
    assert [v.path for v in committed(repository.path / ".git", card)] == [LMSYS]


def test_an_address_spells_a_path_in_its_own_way(repository: Repository) -> None:
    url = "https://raw.githubusercontent.com/a/b/refs/heads/main/r%C3%A9sultats%202025.csv"
    repository.commit("2025-01-01T00:00:00Z", {"résultats 2025.csv": "a"})
    versions = committed(repository.path / ".git", replace(CARDS["arena_csv"], urls=(url,)))
    assert [v.url for v in versions] == [url]


def test_every_dated_file_is_found(repository: Repository, settings: Settings) -> None:
    tables = {"2024_06_24": "2024-06-24", "2024_11_25": "2024-11-27", "2025_12_23": "2026-01-02"}
    for release, day in tables.items():
        table, categories = f"public/table_{release}.csv", f"public/categories_{release}.json"
        repository.commit(f"{day}T00:00:00Z", {table: release, categories: "{}"})
    names = found(repository.path, settings, "livebench")
    assert [name for _, name, _ in names if name.startswith("table")] == [
        f"table_{release}.csv" for release in tables
    ]
    assert len(names) == 6


def test_many_dated_folders_are_found(repository: Repository, settings: Settings) -> None:
    for day in ("2025-03-01", "2025-03-02", "2025-07-01"):
        repository.commit(f"{day}T01:00:00Z", {f"data/{day}/text.json": day, f"{day}.txt": "no"})
    root = "https://raw.githubusercontent.com/a/b/main/data"
    card = replace(
        CARDS["arena_csv"], urls=lambda day: [[f"{root}/{day}/text.json", f"{root}/{day}/t.json"]]
    )
    versions = committed(repository.path / ".git", card)
    assert sorted(v.path for v in versions) == [
        f"data/{day}/text.json" for day in ("2025-03-01", "2025-03-02", "2025-07-01")
    ]


def test_a_merge_counts_when_it_reaches_the_branch(
    repository: Repository, settings: Settings
) -> None:
    repository.commit("2025-01-01T00:00:00Z", {LMSYS: "a"})
    repository.git("switch", "-q", "-c", "draft")
    repository.commit("2025-01-02T00:00:00Z", {LMSYS: "draft"})
    repository.commit("2025-01-03T00:00:00Z", {LMSYS: "b"})
    repository.git("switch", "-q", "main")
    repository.git("merge", "-q", "--no-ff", "-m", "x", "draft", at="2025-01-05T00:00:00Z")
    assert [(day, line) for day, _, line in found(repository.path, settings)] == [
        ("2025-01-01", "a"),
        ("2025-01-05", "b"),
    ]


def test_the_branch_of_the_publisher_counts_not_the_one_checked_out(
    repository: Repository, three: list[str], settings: Settings
) -> None:
    repository.git("switch", "-q", "-c", "mine")
    repository.commit("2025-01-09T00:00:00Z", {LMSYS: "mine"})
    assert len(found(repository.path, settings)) == 3


def test_a_branch_of_another_name_is_read_where_the_publishers_is_not_there(
    tmp_path: Path, settings: Settings
) -> None:
    repository = Repository(tmp_path / "old", branch="master")
    repository.commit("2025-01-01T00:00:00Z", {LMSYS: "a"})
    assert len(found(repository.path, settings)) == 1


def test_of_two_versions_within_a_second_the_last_one_stands(
    repository: Repository, settings: Settings
) -> None:
    for content in ("a", "b"):
        repository.commit("2025-01-01T00:00:00Z", {LMSYS: content})
    assert [line for _, _, line in found(repository.path, settings)] == ["b"]


def test_what_git_is_configured_to_do_changes_nothing(
    repository: Repository,
    three: list[str],
    settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    expected = found(repository.path, settings)
    hostile = (
        ("color.ui", "always"),
        ("log.showRoot", "false"),
        ("log.follow", "true"),
        ("log.diffMerges", "off"),
        ("core.quotepath", "true"),
        ("core.worktree", str(tmp_path)),
        ("diff.renames", "copies"),
    )
    for name, value in hostile:
        repository.git("config", name, value)
    (tmp_path / "gitconfig").write_text("[color]\nui = always\n[log]\nshowRoot = false\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    for name in ("GIT_DIR", "GIT_OBJECT_DIRECTORY", "GIT_LITERAL_PATHSPECS"):
        monkeypatch.setenv(name, str(tmp_path / "1"))
    monkeypatch.chdir(repository.path)
    assert found(repository.path, settings) == expected


def test_reading_runs_no_program_that_the_clone_names(
    repository: Repository, settings: Settings, tmp_path: Path
) -> None:
    """A signed commit, and a configuration that would have its signature checked by a script."""
    ran, script = tmp_path / "ran", tmp_path / "gpg"
    script.write_text(
        f"#!/bin/sh\ntouch {ran}\ncat > /dev/null\n"
        "echo '-----BEGIN PGP SIGNATURE-----'\nprintf '\\n[GNUPG:] SIG_CREATED \\n' >&2\n"
    )
    script.chmod(0o755)
    for name, value in (("gpg.program", str(script)), ("log.showSignature", "true")):
        repository.git("config", name, value)
    repository.commit("2025-01-01T00:00:00Z", {LMSYS: "a"})
    repository.git("commit", "-q", "--amend", "--no-edit", "-S", at="2025-01-01T00:00:00Z")
    assert ran.exists()
    ran.unlink()
    assert len(found(repository.path, settings)) == 1
    assert not ran.exists()


def test_a_version_lands_once(repository: Repository, three: list[str], settings: Settings) -> None:
    assert landed(repository.path, settings) == (3, [])
    fetches = sorted(Archive(settings.archive).fetches(), key=lambda f: f.captured_at)
    assert [f.outcome for f in fetches] == ["new", "new", "unchanged"]
    assert fetches[0].captured_at == datetime(2025, 1, 1, 12, tzinfo=UTC)
    assert {f.url for f in fetches} == {CARDS["arena_csv"].requests(date(2025, 1, 1))[0][0]}
    repository.lose(three[0], LMSYS)
    assert landed(repository.path, settings) == (0, [])


def test_since_and_until_choose_versions(
    repository: Repository, three: list[str], settings: Settings
) -> None:
    day = date(2025, 1, 2)
    assert landed(repository.path, settings, (day, day)) == (1, [])
    assert landed(repository.path, settings) == (2, [])


@pytest.mark.parametrize(
    ("kept", "reason"), [(None, "is missing"), (0, "is missing"), (100, "is damaged")]
)
def test_a_lost_or_damaged_blob_is_left_out_and_named(
    repository: Repository, three: list[str], settings: Settings, kept: int | None, reason: str
) -> None:
    stored = repository.stored(three[1], LMSYS)
    repository.lose(three[1], LMSYS, None if kept is None else stored.read_bytes()[:kept])
    done, skipped = landed(repository.path, settings)
    assert done == 2
    assert len(skipped) == 1
    assert f"{LMSYS} of 2025-01-02 12:00 (commit {three[1][:12]}) {reason}" in skipped[0]


def test_a_blob_that_holds_other_bytes_than_its_name_says_is_left_out(
    repository: Repository, three: list[str], settings: Settings
) -> None:
    repository.lose(three[1], LMSYS, repository.stored(three[0], LMSYS).read_bytes())
    done, skipped = landed(repository.path, settings)
    assert (done, len(skipped)) == (2, 1)
    assert "is damaged" in skipped[0]


def test_a_partial_clone_is_not_completed_over_the_network(
    repository: Repository, three: list[str], settings: Settings, tmp_path: Path
) -> None:
    repository.git("config", "uploadpack.allowFilter", "true")
    partial_clone = repository.bare(tmp_path / "partial.git", "--filter=blob:none")
    done, skipped = landed(partial_clone, settings)
    assert (done, len(skipped)) == (0, 3)


def test_a_shallow_clone_gives_what_it_has(
    repository: Repository, three: list[str], settings: Settings, tmp_path: Path
) -> None:
    assert landed(repository.bare(tmp_path / "s.git", "--depth", "2"), settings) == (2, [])
    assert landed(repository.path, settings) == (1, [])


def test_a_blob_over_the_size_limit_is_left_out(
    repository: Repository, three: list[str], settings: Settings
) -> None:
    big = repository.commit("2025-01-04T00:00:00Z", {LMSYS: "x" * 20_000})
    repository.commit("2025-01-05T00:00:00Z", {LMSYS: arena(1320)})
    done, skipped = landed(repository.path, settings.model_copy(update={"max_bytes": 10_000}))
    assert done == 4
    assert skipped == [
        f"{LMSYS} of 2025-01-04 00:00 (commit {big[:12]}) has 20000 bytes, "
        "more than PHOTOFINISH_MAX_BYTES (10000)"
    ]


def test_bytes_come_back_as_they_were(repository: Repository, settings: Settings) -> None:
    contents = [b"", b"\n", b"a\r\n\x00\xff\n", b"no end"]
    for day, content in enumerate(contents, start=1):
        repository.commit(f"2025-01-0{day}T00:00:00Z", {LMSYS: content})
    assert landed(repository.path, settings) == (4, [])
    archive = Archive(settings.archive)
    fetches = sorted(archive.fetches(), key=lambda f: f.captured_at)
    assert [archive.read(f.payload_sha256 or "") for f in fetches] == contents


def test_an_interrupted_backfill_then_a_whole_one_equals_an_undisturbed_one(
    repository: Repository, tmp_path: Path
) -> None:
    begun = datetime(2025, 1, 1, tzinfo=UTC)
    repository.take_in(
        a_commit(begun + timedelta(minutes=n), LMSYS, arena(1300 + n % 7).encode())
        for n in range(130)
    )
    undisturbed = Settings(home=tmp_path / "undisturbed")
    assert landed(repository.path, undisturbed) == (130, [])
    bring_up_to_date(undisturbed)
    disturbed = Settings(home=tmp_path / "disturbed")
    folder = repository.path / ".git"

    def cut(versions: Sequence[Committed]) -> Iterator[tuple[Committed, bytes]]:
        yield from islice(read_blobs(folder, versions, max_bytes=10**6, skipped=[]), 100)
        raise KeyboardInterrupt

    versions = between(committed(folder, CARDS["arena_csv"]), None, None)
    with pytest.raises(KeyboardInterrupt):
        land(versions, cut, Archive(disturbed.archive), "run")
    bring_up_to_date(disturbed)
    assert landed(repository.path, disturbed) == (130 - 64, [])
    bring_up_to_date(disturbed)
    assert contents(disturbed) == contents(undisturbed)


def test_a_folder_that_is_no_repository_is_refused(
    repository: Repository, settings: Settings, tmp_path: Path
) -> None:
    inside = repository.path / "csv"
    inside.mkdir()
    for place in (tmp_path, inside, tmp_path / "absent"):
        with pytest.raises(NoHistory, match="is not a git repository; name a clone"):
            found(place, settings)


def test_a_repository_without_the_files_is_refused(
    repository: Repository, settings: Settings
) -> None:
    with pytest.raises(NoHistory, match="has no commits"):
        found(repository.path, settings)
    repository.commit("2025-01-01T00:00:00Z", {"README.md": "a"})
    with pytest.raises(NoHistory, match="has no version of the files of arena_csv"):
        found(repository.path, settings)


def test_a_history_that_cannot_be_read_is_refused(
    repository: Repository, three: list[str], settings: Settings
) -> None:
    repository.lose(three[1], "")
    with pytest.raises(NoHistory, match="git cannot read the history"):
        found(repository.path, settings)


def test_a_source_that_is_not_on_github_is_refused(
    repository: Repository, three: list[str], settings: Settings
) -> None:
    with pytest.raises(NoHistory, match="tidy is not published in a repository on GitHub"):
        found(repository.path, settings, "tidy")


def test_two_files_of_one_path_are_refused(repository: Repository, three: list[str]) -> None:
    roots = ("https://raw.githubusercontent.com/a/b", "https://raw.githubusercontent.com/c/d")
    card = replace(CARDS["arena_csv"], urls=tuple(f"{root}/main/{LMSYS}" for root in roots))
    with pytest.raises(NoHistory, match=f"two files called {LMSYS}"):
        committed(repository.path / ".git", card)


@pytest.mark.parametrize(
    "address",
    [
        "file:///absent/repository",
        "ext::touch owned",
        "-oProxyCommand=touch owned:x",
        "--upload-pack=touch owned://x/y",
    ],
)
def test_an_address_that_cannot_be_cloned_runs_nothing_and_leaves_nothing(
    settings: Settings, address: str, tmp_path: Path
) -> None:
    with pytest.raises(NoHistory, match=r"cannot be cloned|is not a git repository"):
        found(address, settings)
    assert not (settings.home / "clone").exists()
    assert list(tmp_path.rglob("owned*")) == []


def test_a_password_in_an_address_is_not_repeated(settings: Settings) -> None:
    with pytest.raises(NoHistory) as refused:
        found("http://me:secret@127.0.0.1:1/a.git", settings)
    assert "secret" not in str(refused.value)


def test_a_clone_whose_name_looks_like_an_option_or_an_address_is_read(
    tmp_path: Path, settings: Settings
) -> None:
    for name in ("--upload-pack=x", "-c", "host:path"):
        Repository(tmp_path / name).commit("2025-01-01T00:00:00Z", {LMSYS: "a"})
        assert len(found(name, settings)) == 1


@pytest.mark.parametrize("source", ["arena_csv", *(["aider", "livebench"] if SOAK else [])])
def test_a_history_made_of_recordings_gives_the_same_tables_as_they(
    recordings: Path, repository: Repository, tmp_path: Path, source: str
) -> None:
    versions = recorded(recordings, [source], None, None)
    repository.take_in(imported(v, p) for v, p in read_recordings(versions))
    settings = Settings(home=tmp_path / "git")
    with opened(str(repository.path), settings) as folder:
        history = between(committed(folder, CARDS[source]), None, None)
        read = partial(read_blobs, folder, max_bytes=settings.max_bytes, skipped=[])
        assert land(history, read, Archive(settings.archive), "run") == len(versions)
    bring_up_to_date(settings)
    assert contents(settings) == contents(filled(tmp_path / "recorded", versions))


def imported(version: Recorded, payload: bytes) -> bytes:
    """A commit of one recorded version, for fast-import; where the file lay is told by its date."""
    path = version.url.split("/main/")[1]
    if version.captured_at.date() < date(2024, 7, 6):
        path = path.replace("aider/website", "website")
    return a_commit(version.captured_at, path, payload)


def a_commit(at: datetime, path: str, content: bytes) -> bytes:
    """A commit of one file, for fast-import."""
    seconds = int(at.timestamp())
    head = (
        f"commit refs/heads/main\ncommitter a <a> {seconds} +0000\ndata 0\nM 100644 inline {path}\n"
    )
    return head.encode() + b"data %d\n%b\n" % (len(content), content)


@pytest.mark.slow
def test_the_command_publishes_tables_and_says_what_it_left_out(
    repository: Repository, three: list[str], tmp_path: Path, prefect: Server
) -> None:
    home = tmp_path / "home"
    where = ("--git", str(repository.path), "--source", "arena_csv")
    done = process("backfill", *where, home=home, PREFECT_API_URL=prefect.api)
    assert (done.returncode, done.stderr) == (0, "")
    assert "3 versions landed, 2 payloads read" in done.stdout
    with duckdb.connect(str(home / "photofinish.duckdb"), read_only=True) as db:
        gaps = db.sql(
            "select as_of::varchar, gap from metrics.gaps where board = 'arena_csv/text' and k = 2 "
            "order by as_of"
        ).fetchall()
    assert gaps == [("2025-01-01", 51.0), ("2025-01-02", 61.0), ("2025-01-03", 51.0)]
    lost = repository.commit("2025-01-04T00:00:00Z", {LMSYS: arena(1330)})
    repository.lose(lost, LMSYS)
    again = photofinish(home, "backfill", *where)
    assert again.code == 1
    assert "0 versions landed" in again.out
    assert f"(commit {lost[:12]}) is missing in the repository" in again.err


@pytest.mark.slow
def test_the_command_ends_with_a_sentence_where_there_is_no_repository(
    tmp_path: Path, server: Server
) -> None:
    where = ("--git", "-x", "--source", "arena_csv")
    done = process("backfill", *where, home=tmp_path / "home", PREFECT_API_URL=server.api)
    assert done.returncode == 3
    assert "is not a git repository; name a clone of the source's repository" in done.stderr
    assert "Traceback" not in done.stderr
    both = photofinish(tmp_path, "backfill", "--git", ".", "--recordings", ".", "--source", "aider")
    assert both.code == 2
