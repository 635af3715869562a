"""Where a warehouse is: what the URL in the settings names."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import parse_qsl, unquote, urlsplit


class BadWarehouse(ValueError):
    """The URL of the warehouse is not one. Names the two forms."""


@dataclass(frozen=True)
class Lake:
    """Where a lake is. `catalog` is the path of the SQLite file, or libpq's key=value words without the
    password; `data` is a folder or s3:// address."""

    kind: Literal["postgres", "sqlite"]
    catalog: str
    data: str
    password: str = field(default="", repr=False)

    def __str__(self) -> str:
        return f"ducklake:{self.kind}:{self.catalog}"


Place = Path | Lake
"""What the URL of a warehouse names: a published DuckDB file or a lake."""


def place(url: str, home: Path, data: str | None) -> Place:
    """What a URL names. Empty is the file in the home folder. Raises BadWarehouse, without the URL."""
    kind, _, rest = url.partition(":")
    if not url:
        return home / "photofinish.duckdb"
    if kind == "duckdb" and rest:
        return Path(rest)
    catalog, _, where = rest.partition(":")
    folder = data or str(home / "lake")
    folder = folder if "://" in folder else str(Path(folder).resolve())
    if kind == "ducklake" and catalog == "sqlite" and where:
        return Lake("sqlite", str(Path(where).resolve()), folder)
    if kind == "ducklake" and catalog == "postgres":
        words = _words(where)
        password = words.pop("password", "")
        told = " ".join(f"{name}={_libpq(value)}" for name, value in words.items())
        return Lake("postgres", told, folder, password)
    raise BadWarehouse(
        "a warehouse is duckdb:PATH, ducklake:sqlite:PATH or "
        "ducklake:postgres:dbname=NAME host=HOST user=USER (also ducklake:postgres://USER@HOST/NAME)"
    )


def _words(where: str) -> dict[str, str]:
    """libpq's key=value words, whether they are written so or as postgresql://USER:PASSWORD@HOST/NAME."""
    if "//" not in where:
        pairs = [word.partition("=") for word in where.split()]
        if not all(middle for _, middle, _ in pairs):
            raise BadWarehouse("what follows ducklake:postgres: is key=value words, or a URL")
        return {name: value.strip("'") for name, _, value in pairs}
    try:
        url = urlsplit(f"postgresql://{where.partition('//')[2]}")
        port = url.port
    except ValueError as error:
        raise BadWarehouse("the address of the catalog is not a URL") from error
    words = {
        "host": url.hostname or "",
        "port": str(port or ""),
        "dbname": unquote(url.path.strip("/")),
    }
    words |= {"user": unquote(url.username or ""), "password": unquote(url.password or "")}
    return {k: v for k, v in (words | dict(parse_qsl(url.query))).items() if v}


def _libpq(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return escaped if value and not set(value) & set(" '\\") else f"'{escaped}'"
