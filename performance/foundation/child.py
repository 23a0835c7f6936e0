"""Becoming another program that ends with its parent, even when the parent is killed.

Run as a script, before the program: a hook inside `subprocess` would run Python between fork and exec, which may
hang where there are threads. On Linux the kernel sends the signal when the parent dies; elsewhere a killed
parent leaves its children running.

    python child.py SIGNAL UID GID PROGRAM ARGUMENT…      (UID and GID "-": stay who we are)
"""

from __future__ import annotations

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1


def command(program: list[str], *, signal: int, uid: int | None = None, gid: int | None = None) -> list[str]:
    """The command line that runs `program` as such a child; as another account when both ids are given."""
    account = ["-", "-"] if uid is None or gid is None else [str(uid), str(gid)]
    return [sys.executable, "-I", "-S", os.path.abspath(__file__), str(int(signal)), *account, *program]


def become(number: int, uid: str, gid: str, program: list[str]) -> None:
    parent = os.getppid()
    control = ctypes.CDLL(None, use_errno=True).prctl if sys.platform == "linux" else None
    if uid != "-":
        os.setgroups([])
        os.setgid(int(gid))
        os.setuid(int(uid))
    if control is not None:
        # After the change of account, which would clear it.
        control(PR_SET_PDEATHSIG, number)
        if os.getppid() != parent:
            raise SystemExit("The parent died meanwhile.")
    os.execv(program[0], program)  # noqa: S606 - a program named by our own caller, without a shell


if __name__ == "__main__":
    become(int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4:])
