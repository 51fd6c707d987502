"""The only reader of the environment.

Every setting has a default that works on a laptop; `MUSCOPE_<NAME>` overrides it (`PORT` for the port).
"""

from __future__ import annotations

import hashlib
import ipaddress
import os
import tempfile
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Annotated, Literal, Self, get_args
from urllib.parse import quote, urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from muscope.backend.errors import InvalidInput

Secret = Literal["database_password", "broker_password", "blobs_secret", "oidc_client_secret"]


class MetricsAccess(StrEnum):
    """Access to `/metrics`: for nobody, for requests to this process itself, or through a proxy too."""

    OFF = "off"
    LOCAL = "local"
    PROXY = "proxy"


class Exposure(StrEnum):
    """Protection that an operator gives up in a server that other machines can reach."""

    WITHOUT_ACCOUNTS = "without_accounts"
    WITHOUT_TLS = "without_tls"


class LogFormat(StrEnum):
    """Form of the logs: lines for people, or one JSON object a line."""

    TEXT = "text"
    JSON = "json"


LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")
Device = Annotated[str, Field(pattern=r"^(auto|cpu|cuda(:\d{1,3})?)$")]
# An admin is made by an admin of µScope, never by a claim of another system.
ProviderRole = Literal["viewer", "runner"]
# Without TLS an ID token or a code could be read or changed on its way; on this machine there is no way.
TLS_ADDRESS = r"^(https://|http://(localhost|127\.0\.0\.1|\[::1\])(:\d+)?(/|$))[^?#\s]*$"


class Settings(BaseSettings):
    """Settings an operator may change, with units in the names."""

    model_config = SettingsConfigDict(
        env_prefix="MUSCOPE_", frozen=True, populate_by_name=True, env_ignore_empty=True
    )

    data: Path = Path("data")
    host: str = "127.0.0.1"
    port: int = Field(default=8000, validation_alias="PORT", ge=0, le=65535)
    allowed_hosts: Annotated[tuple[str, ...], NoDecode] = LOOPBACK_NAMES
    # Protections that are given up where other machines can reach `host`.
    exposed: Annotated[frozenset[Exposure], NoDecode] = frozenset()
    # Of the page when a proxy stands in front, with the path in front of ours if there is one.
    public_url: str | None = Field(default=None, pattern=r"^https?://[^/?#\s]+(/[^?#\s]*)?$")
    database_url: str | None = None
    database_password_file: Path | None = None
    database_password: SecretStr | None = None
    broker_url: str | None = None
    broker_password: SecretStr | None = None
    broker_password_file: Path | None = None
    # Place of the files of datasets: s3://bucket/prefix, or the data folder.
    blobs: str | None = None
    blobs_endpoint: str | None = Field(default=None, pattern=r"^https?://[^/?#\s]+/?$")
    blobs_region: str = "us-east-1"
    blobs_key_id: str | None = None
    blobs_secret: SecretStr | None = None
    blobs_secret_file: Path | None = None
    blob_cache_bytes: int = Field(default=20 << 30, ge=1 << 20)
    # Signing in by an OpenID provider (docs/decisions/0047-sign-in-by-a-provider.md).
    oidc_issuer: str | None = Field(default=None, pattern=TLS_ADDRESS, max_length=255)
    oidc_metadata_url: str | None = Field(default=None, pattern=TLS_ADDRESS)
    oidc_client_id: str | None = Field(default=None, max_length=255)
    oidc_client_secret: SecretStr | None = None
    oidc_client_secret_file: Path | None = None
    oidc_scopes: str = Field(default="openid email profile", pattern=r"^([!-~]+ )*openid( [!-~]+)*$")
    oidc_name: str | None = Field(default=None, max_length=60)
    # Addresses (`a.sato@example.com`) and domains (`example.com`) that get an account at their first sign-in.
    oidc_allowed: Annotated[tuple[str, ...], NoDecode] = ()
    oidc_role_claim: str | None = Field(default=None, max_length=200)
    oidc_roles: Annotated[dict[str, ProviderRole], NoDecode] = {}
    oidc_default_role: ProviderRole | Literal["none"] = "viewer"
    oidc_viewers_read: str | None = None
    oidc_clock_skew_seconds: int = Field(default=60, ge=0, le=300)
    devices: Annotated[tuple[Device, ...], NoDecode] = Field(default=("auto",), min_length=1)
    # Folder of the models that this machine's workers offer: files `NAME.py`, packages, and their recipes.
    models: Path | None = None
    model_seconds: float = Field(default=600.0, gt=0)
    model_memory_bytes: int = Field(default=4 << 30, ge=1 << 28)
    worker_slots: int = Field(default_factory=lambda: os.cpu_count() or 1, ge=1)
    log_level: str = "INFO"
    log_format: LogFormat = LogFormat.TEXT
    metrics: MetricsAccess = MetricsAccess.LOCAL

    upload_limit_bytes: int = Field(default=1 << 30, ge=1)
    upload_keep_seconds: float = Field(default=86_400.0, gt=0)
    user_quota_bytes: int = Field(default=50 << 30, ge=1)
    total_quota_bytes: int = Field(default=200 << 30, ge=1)
    # Days after which what has ended is deleted; unset keeps everything.
    keep_days: int | None = Field(default=None, ge=1, le=36_500)
    max_runs: int = Field(default=20_000, ge=1)
    max_open_experiments: int = Field(default=1000, ge=1)
    cell_memory_bytes: int = Field(default=2 << 30, ge=1 << 20)

    # Reliability (docs/decisions/0003): a lease must outlive the worker's own give-up time.
    heartbeat_seconds: float = Field(default=2.0, gt=0, le=15)
    heartbeat_give_up_seconds: float = Field(default=20.0, gt=0)
    lease_seconds: float = Field(default=30.0, gt=0)
    ring_again_seconds: float = Field(default=15.0, gt=0)
    conductor_seconds: float = Field(default=5.0, gt=0)
    cancel_grace_seconds: float = Field(default=2.0, gt=0)
    stall_seconds: float = Field(default=300.0, gt=0)
    retry_delay_seconds: float = Field(default=2.0, ge=0, le=100)
    # Between two checkpoints of a cell, and before its first; a larger state than this is not stored.
    checkpoint_seconds: float = Field(default=60.0, ge=0)
    checkpoint_bytes: int = Field(default=1 << 30, ge=0)

    @field_validator("allowed_hosts", "devices", "exposed", "oidc_allowed", mode="before")
    @classmethod
    def _split_list(cls, value: object) -> object:
        """Read `a,b` as two values."""
        return tuple(filter(None, map(str.strip, value.split(",")))) if isinstance(value, str) else value

    @field_validator("oidc_roles", mode="before")
    @classmethod
    def _split_pairs(cls, value: object) -> object:
        """Read `ml-team=runner,staff=viewer` as a mapping; the last sign of equality separates."""
        if not isinstance(value, str):
            return value
        pairs = [each.rpartition("=")[::2] for each in map(str.strip, value.split(",")) if each]
        return {name.strip(): role.strip() for name, role in pairs}

    @field_validator("devices")
    @classmethod
    def _auto_stands_alone(cls, devices: tuple[str, ...]) -> tuple[str, ...]:
        if "auto" in devices and len(devices) > 1:
            raise ValueError("expected auto, or a list of cpu, cuda, cuda:0, …; not both")
        return devices

    @model_validator(mode="after")
    def _secrets_come_from_one_place(self) -> Self:
        """A password in a variable is one that an operator may have forgotten to remove."""
        for name in get_args(Secret):
            if getattr(self, name) is not None and getattr(self, f"{name}_file") is not None:
                raise ValueError(f"{name}: expected the secret or its file, given both")
        return self

    @model_validator(mode="after")
    def _provider_is_whole(self) -> Self:
        """An issuer without a client, or roles without the claim they are read from, would do nothing."""
        if self.oidc_issuer is not None and not self.oidc_client_id:
            raise ValueError("oidc_client_id: expected the client that the provider knows, given none")
        if self.oidc_roles and self.oidc_role_claim is None:
            raise ValueError(
                "oidc_role_claim: expected the claim that oidc_roles names values of, given none"
            )
        return self

    @model_validator(mode="after")
    def _workers_give_up_in_time(self) -> Self:
        """A worker must have stopped writing before its lease ends."""
        if self.heartbeat_seconds + self.heartbeat_give_up_seconds >= self.lease_seconds:
            raise ValueError(
                f"lease_seconds: expected more than heartbeat_seconds + heartbeat_give_up_seconds = "
                f"{self.heartbeat_seconds + self.heartbeat_give_up_seconds:g}, given {self.lease_seconds:g}"
            )
        return self

    @property
    def is_local(self) -> bool:
        """Return whether only this machine can reach the address to listen on."""
        try:
            return ipaddress.ip_address(self.host.strip("[]")).is_loopback
        except ValueError:
            return self.host.lower() == "localhost"

    @property
    def path_prefix(self) -> str:
        """The path in front of ours where people open the page, such as `/muscope`; empty without one."""
        return urlsplit(self.public_url or "").path.rstrip("/")

    @property
    def node_device(self) -> str:
        """The device of a worker node and its children: a node is started with `devices` narrowed to it."""
        return self.devices[0] if self.devices[0] != "auto" else "cpu"

    @property
    def data_folder(self) -> Path:
        return self.data.expanduser().resolve()

    @property
    def blob_folder(self) -> Path:
        return self.data_folder / "blobs"

    @property
    def scratch_folder(self) -> Path:
        return self.data_folder / "scratch"

    @property
    def upload_folder(self) -> Path:
        """Files that are still arriving, on the disk of the blobs: a finished one is moved, not copied."""
        return self.data_folder / "uploads"

    @property
    def cache_folder(self) -> Path:
        """Files that are made again when they are missing."""
        return self.data_folder / "cache"

    @property
    def log_folder(self) -> Path:
        return self.data_folder / "logs"

    @property
    def runtime_folder(self) -> Path:
        """A short path of our own for the broker's socket (the kernel allows 108 bytes)."""
        name = hashlib.sha256(os.fsencode(self.data_folder)).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"muscope-{os.getuid()}-{name}"

    @property
    def broker_socket(self) -> Path:
        return self.runtime_folder / "broker.sock"

    @property
    def resolved_broker_url(self) -> str:
        """A redis-py style URL with its password; `queue.py` turns it into Celery's spelling."""
        url = self.broker_url or f"unix://{self.broker_socket}"
        password = self.secret("broker_password")
        if password is None:
            return url
        scheme, _, place = url.partition("://")
        user_info, _, host = place.rpartition("@")
        return f"{scheme}://{user_info.partition(':')[0]}:{quote(password, safe='')}@{host}"

    def secret(self, name: Secret) -> str | None:
        """Return a secret from its setting or from its file, whose last line end is not part of it.

        Raises InvalidInput for a file that cannot be read or is empty.
        """
        value: SecretStr | None = getattr(self, name)
        path: Path | None = getattr(self, f"{name}_file")
        if path is None:
            return None if value is None else value.get_secret_value()
        try:
            text = path.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise _unreadable(name, path, str(error)) from error
        if not text:
            raise _unreadable(name, path, "the file is empty")
        return text


def _unreadable(name: Secret, path: Path, reason: str) -> InvalidInput:
    details = f"MUSCOPE_{name.upper()}_FILE: expected a file with the secret, given {path}: {reason}"
    return InvalidInput("settings_invalid", details=details)


@cache
def get_settings() -> Settings:
    """Return the process's settings, read once."""
    return Settings()
