"""What the columns of the published raw tables mean; the models say it of theirs in their headers."""

from __future__ import annotations

_PAYLOAD = {
    "sha256": "names the payload in the archive: the hash of its bytes",
    "source": "the source it was fetched for",
    "url": "where it was fetched",
}
RAW_COLUMNS: dict[str, dict[str, str]] = {
    "raw.fetches": {
        "fetch_id": "names the attempt by what it was",
        "run_id": "the run that made it; begins with its time, UTC",
        "source": "the source it was made for",
        "url": "what was asked for",
        "captured_at": "when it was asked for, UTC; of past versions, when they were published",
        "http_status": "the answer's status; null where there was none or no HTTP",
        "outcome": "new, unchanged, not_modified, failed or quarantined",
        "payload_sha256": "the payload it gave, or that was still valid; null where it failed",
        "bytes": "size of the answer, unpacked; null where no bytes came",
        "elapsed_ms": "how long it took; null for versions landed from elsewhere",
        "error": "why it failed, in a sentence",
    },
    "raw.payloads": {
        **_PAYLOAD,
        "first_captured_at": "when it was first captured, UTC",
        "bytes": "its size, unpacked",
    },
    "raw.quarantine": {
        **_PAYLOAD,
        "captured_at": "when it was first captured, UTC",
        "reason": "why its parser refused it, in a sentence",
        "detail": "the exception, where the parser itself failed",
    },
}
