"""Pictures of the page for the README and docs/page.md: front.png and board.png, beside this file.

Run `photofinish publish` first: it takes the site of PHOTOFINISH_HOME; BOARD is the folder of a board in it.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from playwright.sync_api import sync_playwright

from flows.settings import Settings

HERE = Path(__file__).parent
BOARD = os.environ.get("BOARD", "boards/arena/text")
SIZE = {"width": 1160, "height": 1180}


def main() -> None:
    """Open both pages as a reader on a desk sees them, and keep what is above the fold."""
    site = Settings().site
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        # Without scripts, since how many days ago a picture was made is nobody's business.
        tab = browser.new_context(viewport=SIZE, java_script_enabled=False).new_page()  # type: ignore[arg-type]
        for name, page in (("front", "index.html"), ("board", f"{BOARD}/index.html")):
            tab.goto((site / page).resolve().as_uri())
            tab.screenshot(path=HERE / f"{name}.png")
        browser.close()


if __name__ == "__main__":
    main()
