"""How the embedded cluster is reached: port, roles and passwords, kept in the data folder."""

from __future__ import annotations

import secrets
import socket
from dataclasses import dataclass
from typing import Any

from performance.foundation import datafolder

HOST = "127.0.0.1"


class ClusterFault(RuntimeError):
    """The embedded cluster cannot be made, started or reached; the message says what to do."""


@dataclass(frozen=True)
class Plan:
    """How the cluster is reached and where it lives. Every role has a password of its own."""

    port: int
    superuser_password: str
    owner_password: str
    application_password: str
    data_folder: str = ""
    cluster: str = ""
    programs: str = ""
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


def current() -> Plan:
    """The plan of this data folder, made on first use: a free port is chosen once and then kept."""
    return Plan(**datafolder.remembered("embedded", _new_plan))


def _new_plan() -> dict[str, Any]:
    return {
        "port": free_port(),
        "superuser_password": secrets.token_hex(24),
        "owner_password": secrets.token_hex(24),
        "application_password": secrets.token_hex(24),
    }


def change(**changes: Any) -> Plan:
    kept = datafolder.remembered("embedded", _new_plan)
    changed = {**kept, **changes}
    if changed != kept:
        datafolder.keep("embedded", changed)
    return Plan(**changed)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def port_is_free(port: int, host: str = HOST) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True
