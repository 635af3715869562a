"""Settings: defaults, then photofinish.toml in the working folder, then PHOTOFINISH_* in the environment."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from warehouse.place import Lake, Place, place

ROOT = Path(__file__).resolve().parent.parent


class Settings(BaseSettings):
    """What can be set. Every field is also an environment variable: PHOTOFINISH_HOME and so on."""

    model_config = SettingsConfigDict(
        env_prefix="PHOTOFINISH_",
        toml_file="photofinish.toml",
        extra="forbid",
        hide_input_in_errors=True,
    )

    home: Path = Field(ROOT / "warehouse" / "data", description="where everything is kept")
    warehouse: SecretStr = Field(
        SecretStr(""),
        description="where the tables are published: duckdb:PATH, ducklake:sqlite:PATH or "
        "ducklake:postgres:... (default: duckdb:HOME/photofinish.duckdb)",
    )
    lake_data: str | None = Field(
        None, description="folder or s3:// address of a lake's Parquet files (default: HOME/lake)"
    )
    runner: str = Field(
        "threads", description="where a backfill's sources are read: threads, dask or dask:ADDRESS"
    )
    mirror: str | None = Field(None, description="fetch https://HOST/PATH as MIRROR/HOST/PATH")
    tidy: Path | None = Field(None, description="a folder of dated CSV files of your own boards")
    contact: str = Field("", description="an address for publishers, sent in the User-Agent")
    connect_timeout: float = Field(10, gt=0, description="seconds to wait for a connection")
    read_timeout: float = Field(30, gt=0, description="seconds to wait for the next bytes")
    total_timeout: float = Field(300, gt=0, description="seconds for one file in all")
    max_bytes: int = Field(64 * 1024 * 1024, gt=0, description="size limit of a file, unpacked")
    host_requests: int = Field(2, ge=1, description="requests at once to one host")
    host_pause: float = Field(0.25, ge=0, description="seconds between requests to one host")
    retry_after_max: float = Field(
        60, ge=0, description="seconds to wait for a host that asks for a pause"
    )
    retries: int = Field(3, ge=0, description="further tries for a source that failed")
    retry_delay: float = Field(5, ge=0, description="seconds before the first of them; doubles")
    publish_local: bool = Field(False, description="publish prompts and outputs of your own tests")
    alerts: Path | Literal["off"] = Field(
        ROOT / "alerts.toml", description="the file of alert rules, or off"
    )
    page: bool = Field(True, description="publish the page at the end of a run")
    site_url: str = Field("", description="where the page is published, for feeds and descriptions")
    lock_wait: float = Field(60, ge=0, description="seconds to wait while another run is at work")
    log: Literal["off", "json"] = Field("off", description="json: one line per step on stderr")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments beat the environment, which beats the file."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)

    build_name: str = Field("photofinish.duckdb", description="file name of the build database")

    @property
    def archive(self) -> Path:
        return self.home / "archive"

    @property
    def build(self) -> Path:
        return self.home / "build" / self.build_name

    @field_validator("warehouse")
    @classmethod
    def _is_a_warehouse(cls, url: SecretStr) -> SecretStr:
        place(url.get_secret_value(), Path(), None)
        return url

    @field_validator("runner")
    @classmethod
    def _is_a_runner(cls, runner: str) -> str:
        if runner not in ("threads", "dask") and not runner.startswith("dask:"):
            raise ValueError("a runner is threads, dask or dask:ADDRESS")
        return runner

    @property
    def published(self) -> Place:
        """Where the tables are that analysts read: a DuckDB file, or a lake."""
        return place(self.warehouse.get_secret_value(), self.home, self.lake_data)

    @property
    def published_file(self) -> Path:
        """The published DuckDB file; where the warehouse is a lake, one that is not there."""
        return (
            self.home / "photofinish.duckdb" if isinstance(self.published, Lake) else self.published
        )

    @property
    def lake(self) -> Lake | None:
        """The lake, if the warehouse is one."""
        return self.published if isinstance(self.published, Lake) else None

    @property
    def site(self) -> Path:
        return self.home / "site"

    @property
    def rules(self) -> Path | None:
        """The file of alert rules; None where alerting is switched off."""
        return None if self.alerts == "off" else Path(self.alerts)

    @property
    def alerts_store(self) -> Path:
        return self.home / "alerts" / "alerts.sqlite"
