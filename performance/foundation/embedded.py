"""The PostgreSQL that ships with the Python requirements."""

from __future__ import annotations

import secrets
import socket
from dataclasses import dataclass
from typing import Any

from performance.foundation import datafolder

HOST = "127.0.0.1"


@dataclass(frozen=True)
class Plan:
    """How the embedded cluster is reached. Every role has its own password."""

    port: int
    superuser_password: str
    owner_password: str
    application_password: str
    database: str = "accord"
    broker_database: str = "accord_broker"
    superuser: str = "accord_super"
    owner: str = "accord_owner"
    application: str = "accord_app"

    def url(self, role: str, database: str) -> str:
        password = {
            self.superuser: self.superuser_password,
            self.owner: self.owner_password,
            self.application: self.application_password,
        }[role]
        return f"postgresql://{role}:{password}@{HOST}:{self.port}/{database}"


def plan() -> Plan:
    """The plan of this data folder, made on first use: a free port is chosen once and then kept."""
    return Plan(**datafolder.remembered("embedded", _new_plan))


def _new_plan() -> dict[str, Any]:
    return {
        "port": free_port(),
        "superuser_password": secrets.token_hex(24),
        "owner_password": secrets.token_hex(24),
        "application_password": secrets.token_hex(24),
    }


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port
