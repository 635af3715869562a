"""How data is kept: archive, database, model runner, polars metrics."""
