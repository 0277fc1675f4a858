"""`--state FILE`: the objects of a sandbox in SQLite, so that it goes on where it was.

Every write is committed before it is acknowledged. In WAL mode a commit survives the death of the process at any
moment; only a crash of the whole machine could lose the last ones.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from pathlib import Path

import msgspec

from kubectl_rollouts.errors import Failure
from kubectl_rollouts.sandbox.objects import Object

FORMAT = 1
_SCHEMA = """
create table if not exists objects (
    kind text not null, namespace text not null, name text not null, body blob not null,
    primary key (kind, namespace, name)
) without rowid;
create table if not exists versions (id integer primary key check (id = 1), version integer not null);
"""
_SET_VERSION = "insert into versions values (1, ?) on conflict (id) do update set version = excluded.version"
_SET_OBJECT = (
    "insert into objects values (?, ?, ?, ?) on conflict (kind, namespace, name) do update set body = excluded.body"
)


class SqliteJournal:
    """The Journal of a store in a file (mode 0600). Raises Failure when the file cannot be used."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            path.touch(mode=0o600, exist_ok=True)
            self._database = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=1.0)
        except (OSError, sqlite3.Error) as error:
            why = (isinstance(error, OSError) and error.strerror) or error
            raise Failure(f"cannot use the state file {path}: {why}") from error
        try:
            self._database.execute("pragma journal_mode = wal")
            self._database.execute("pragma synchronous = normal")
            self._database.execute("pragma locking_mode = exclusive")
            version = self._database.execute("pragma user_version").fetchone()[0]
            if version not in (0, FORMAT):
                raise Failure(f"the state file {path} was written by another version of the sandbox")
            self._database.execute("begin exclusive")  # nobody else may use the file meanwhile
            self._database.execute("commit")
            self._database.executescript(_SCHEMA)
            self._database.execute(f"pragma user_version = {FORMAT}")
        except sqlite3.OperationalError as error:
            self._database.close()
            why = "another sandbox uses it" if "locked" in str(error) else str(error)
            raise Failure(f"cannot use the state file {path}: {why}") from error
        except sqlite3.Error as error:
            self._database.close()
            raise Failure(f"{path} is no state file of a sandbox: {error}") from error
        except Failure:
            self._database.close()
            raise
        for suffix in ("-wal", "-shm"):
            with contextlib.suppress(OSError):
                os.chmod(f"{path}{suffix}", 0o600)  # noqa: PTH101  a name, not a path that is built

    def write(self, version: int, kind: str, namespace: str, name: str, obj: Object | None) -> None:
        """As Journal.write; raises Failure when the disk does not take it."""
        try:
            self._database.execute("begin")
            if obj is None:
                self._database.execute(
                    "delete from objects where kind = ? and namespace = ? and name = ?", (kind, namespace, name)
                )
            else:
                self._database.execute(_SET_OBJECT, (kind, namespace, name, msgspec.json.encode(obj)))
            self._database.execute(_SET_VERSION, (version,))
            self._database.execute("commit")
        except sqlite3.Error as error:
            with contextlib.suppress(sqlite3.Error):
                self._database.execute("rollback")
            raise Failure(f"cannot write the state file {self._path}: {error}") from error

    def load(self) -> tuple[int, list[Object]]:
        """As Journal.load."""
        row = self._database.execute("select version from versions").fetchone()
        bodies = self._database.execute("select body from objects order by kind, namespace, name")
        try:
            return (row[0] if row else 0), [msgspec.json.decode(body) for (body,) in bodies]
        except msgspec.DecodeError as error:
            raise Failure(f"the state file {self._path} is damaged: {error}") from error

    def close(self) -> None:
        """As Journal.close."""
        self._database.close()
