"""Opening a store: for reading, or for the one process that writes; what is wrong with a file is said in one line."""

import contextlib
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from fnn.config import Config
from fnn.errors import InvalidSetting
from fnn.sweeps.migrations import create_tables, migrate, pending, read_migrated, unknown
from fnn.sweeps.schema import APPLICATION, UNLISTED, VERSION, Connection

MEMORY = ":memory:"

_WORDS = "a store of fnn, as `fnn sweep --out` writes it"
# What SQLite says of the machine, and not of the file: that is passed on as it is.
_OF_THE_MACHINE = {
    sqlite3.SQLITE_PERM, sqlite3.SQLITE_ABORT, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_READONLY, sqlite3.SQLITE_INTERRUPT, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PROTOCOL, sqlite3.SQLITE_NOLFS, sqlite3.SQLITE_AUTH,
}  # fmt: skip


@contextmanager
def open_store(path: Path | str, *, create: bool = False, config: type[Config] = Config) -> Iterator[Connection]:
    """Open the store at that path to read it; with `create`, to write it too, and make it if it is not there.

    A store of an earlier version is migrated by who writes, and read as if it were by who reads. config: the class
    whose fields are the settings; ":memory:" is a store in memory.
    Raises InvalidSetting for a file that is not a store, or of a version this one does not know, which is left as it
    is, and for one that turns out to be damaged while it is open; OSError or sqlite3.Error where the file cannot be
    read or written.
    """
    if str(path) != MEMORY and not create and not Path(path).is_file():
        raise InvalidSetting("store", str(path), _WORDS)
    # The writer is a thread of its own. A reader waits for a commit to end.
    connection = sqlite3.connect(path, timeout=60, check_same_thread=False, isolation_level=None)
    with contextlib.closing(connection), _damage_reported(path):
        if create:
            _ready_to_write(connection, path, config)
        else:
            _check(connection, path, config)
            read_migrated(connection, config)
            connection.execute("PRAGMA query_only = ON")
        yield connection


def _ready_to_write(connection: Connection, path: Path | str, config: type[Config]) -> None:
    (kind,) = connection.execute("PRAGMA application_id").fetchone()
    if kind == 0 and not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
        create_tables(connection, config)
    _check(connection, path, config)
    if pending(connection, config):
        migrate(connection, config)


def _check(connection: Connection, path: Path | str, config: type[Config]) -> None:
    """Raise InvalidSetting for a file of another kind, and for a store of a later version."""
    kind, version = (connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version"))
    if kind != APPLICATION:
        raise InvalidSetting("store", str(path), _WORDS)
    if version not in (UNLISTED, VERSION):
        raise InvalidSetting("store", str(path), f"a store of version {UNLISTED} or {VERSION}, not {version}")
    later = unknown(connection, config)
    if later:
        raise InvalidSetting("store", str(path), f"a store of this version, not of one that made the step {later[0]!r}")


@contextmanager
def _damage_reported(path: Path | str) -> Iterator[None]:
    """Say of a damaged store that it is one."""
    try:
        yield
    except (sqlite3.Error, UnicodeDecodeError, SystemError) as error:  # the last where SQLite fails and gives no reason
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT)
        of_the_machine = code & 0xFF in _OF_THE_MACHINE and code != sqlite3.SQLITE_IOERR_SHORT_READ
        if of_the_machine or isinstance(error, sqlite3.ProgrammingError):
            raise
        why = "".join(letter if letter.isprintable() or letter.isspace() else "?" for letter in str(error))
        raise InvalidSetting("store", str(path), f"{_WORDS} ({why})") from error


@contextmanager
def locked(path: Path | str, on_wait: Callable[[], None] | None = None) -> Iterator[None]:
    """Hold the file for one writer: a second sweep waits until the first ends, however that ends.

    on_wait: called once if there is something to wait for. Without a name to lock (":memory:") and on systems without
    `flock`, it does nothing: there SQLite's own locks keep the file whole, and runs may be trained twice.
    """
    flock = _flock()
    if flock is None or str(path) == MEMORY:
        yield
        return
    # Not through SQLite's own handle: closing this one, or any other, would give up SQLite's locks. It stays open
    # until the connection is closed.
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        if not flock(handle, wait=False):
            if on_wait:
                on_wait()
            flock(handle, wait=True)
        yield
    finally:
        os.close(handle)


def _flock() -> Callable[..., bool] | None:
    """Return what locks an open file and says whether it did, None where the system has nothing of the kind."""
    try:
        from fcntl import LOCK_EX, LOCK_NB, flock
    except ImportError:
        return None

    def lock(handle: int, *, wait: bool) -> bool:
        try:
            flock(handle, LOCK_EX if wait else LOCK_EX | LOCK_NB)
        except BlockingIOError:
            return False
        return True

    return lock
