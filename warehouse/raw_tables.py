"""The tables that are not made by a model: their columns, and what the published ones are."""

from __future__ import annotations

from warehouse import layout

RAW_TABLES = {
    "raw.fetches": """
        fetch_id varchar, run_id varchar, source varchar, url varchar, captured_at timestamp,
        http_status integer, outcome varchar, payload_sha256 varchar, bytes bigint,
        elapsed_ms bigint, error varchar""",
    "raw.payloads": """
        sha256 varchar, source varchar, url varchar, first_captured_at timestamp, bytes bigint""",
    "raw.quarantine": """
        sha256 varchar, source varchar, url varchar, captured_at timestamp, reason varchar,
        detail varchar""",
    "raw.damaged": """
        sha256 varchar, source varchar, url varchar, problem varchar""",
    "parsed.journal": """
        file varchar, bytes bigint, sha256 varchar""",
    "parsed.marks": "name varchar, mark varchar",
    "parsed.payloads": """
        sha256 varchar, source varchar, url varchar, parser varchar, rows bigint""",
    "parsed.states": """
        reading bigint, sha256 varchar, source varchar, url varchar, board varchar,
        stated_as_of date, release varchar, state varchar, n_models bigint""",
    "parsed.names": """
        name bigint, source varchar, model_raw varchar, organization_raw varchar,
        license_raw varchar""",
    "parsed.rows": """
        reading bigint, name bigint, task varchar, score double, ci_low double, ci_high double,
        n bigint, extra varchar""",
    "parsed.prices": """
        sha256 varchar, source varchar, url varchar, provider varchar, model_raw varchar,
        stated_as_of date, input_usd_per_mtok double, output_usd_per_mtok double,
        context_tokens bigint, max_output_tokens bigint, tool_use boolean, open_weights boolean,
        extra varchar""",
    "parsed.items": """
        sha256 varchar, source varchar, url varchar, board varchar, task varchar,
        model_raw varchar, case_id varchar, score double, stated_as_of date, refused boolean,
        latency_ms double, review_minutes double, prompt varchar, expected varchar, output varchar""",
}
COMMENTS = {
    "raw.fetches": "One row per attempt to get a URL, failed ones too.",
    "raw.payloads": "One row per distinct payload in the archive.",
    "raw.quarantine": "One row per payload that its parser refused, and why. Nothing of it is used.",
    "raw.damaged": "One row per payload that the archive could not give back when it was to be read.",
    layout.TABLE: "One row: the layout of this file, by which a photofinish knows one of another version.",
}
