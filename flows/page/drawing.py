"""From a specification to SVG or PNG, each drawn once: an unchanged chart is not drawn again."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from hashlib import sha256
from pathlib import Path

import orjson

from flows.export.files import put
from flows.page.charts import PICTURE, Spec


class Drawings:
    """Draws charts, and keeps what it drew in a folder, named by the hash of the specification."""

    def __init__(self, kept: Path) -> None:
        self.kept = kept
        self.used: set[str] = set()

    def svg(self, spec: Spec) -> str:
        """The chart as SVG, a document of its own."""
        return self._drawn(orjson.dumps(spec), "svg", _svg).decode()

    def png(self, spec: Spec) -> bytes:
        """The chart as a picture, in the colours of light mode."""
        text = orjson.dumps(spec).decode()
        for stand_in, colour in PICTURE.items():
            text = text.replace(f'"{stand_in}"', f'"{colour}"')
        return self._drawn(text.encode(), "png", _png)

    def forget_unused(self) -> None:
        """Remove drawings that nobody asked for since this was made."""
        for path in self.kept.glob("*.*"):
            if path.name not in self.used:
                path.unlink(missing_ok=True)

    def _drawn(self, spec: bytes, kind: str, draw: Callable[[str], bytes]) -> bytes:
        name = f"{sha256(_version() + spec).hexdigest()[:32]}.{kind}"
        self.used.add(name)
        try:
            return (self.kept / name).read_bytes()
        except FileNotFoundError:
            drawn = draw(spec.decode())
            put(self.kept, name, "", drawn)
            return drawn


@cache
def _version() -> bytes:
    from importlib.metadata import version

    return version("vl-convert-python").encode()


def _svg(spec: str) -> bytes:
    import vl_convert

    return str(vl_convert.vegalite_to_svg(spec)).encode()


def _png(spec: str) -> bytes:
    import vl_convert

    return bytes(vl_convert.vegalite_to_png(spec, scale=1))
