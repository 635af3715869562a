"""Tests on small data: threads for one frame or matrix would cost every process more than they give."""

import os

# Read when polars and numpy are imported; the processes that tests start have them too.
for name in ("POLARS_MAX_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "1")
