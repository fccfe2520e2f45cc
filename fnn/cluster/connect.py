"""Where a cluster comes from: the address of a scheduler, or this machine."""

import logging
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, NamedTuple

from fnn import checks
from fnn.cluster.work import Executor, Opened, in_process
from fnn.errors import InvalidSetting
from fnn.machine import installed, processors

LOCAL = "local"
_WORDS = f"{LOCAL}, or the address of a Dask scheduler such as tcp://host:8786"
# What Dask and Tornado say of connections that are lost is said here in one line.
_LOGGERS = "distributed", "tornado", "asyncio"
# Ctrl-C in a terminal reaches all of its processes: it is the command's to end them.
_PRELOAD = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)"


def warned(line: str) -> None:
    """Say in a warning of Python's what a cluster has to say."""
    warnings.warn(line, stacklevel=2)


class Cluster(NamedTuple):
    """A cluster: the address of its scheduler, or `local` for one of processes on this machine.

    allow_mixed: let workers take part whose processor trains other bits. notice: is told in a line of workers that take
    no part, by itself a warning of Python's.

    >>> import fnn
    >>> fnn.Cluster("tcp://scheduler:8786", allow_mixed=True).address
    'tcp://scheduler:8786'
    """

    address: str | None
    allow_mixed: bool = False
    notice: Callable[[str], None] = warned


def opened(cluster: Cluster | str | None, threads: int | None) -> Opened:
    """Return what opens the executor: this process, or a cluster.

    threads: of this process, or of `local` the workers, each of one thread. Raises InvalidSetting for what is no
    address, or where Dask is not installed.
    """
    cluster, allow_mixed, notice = cluster if isinstance(cluster, Cluster) else Cluster(cluster)
    allow_mixed = checks.boolean("allow_mixed", allow_mixed)
    if cluster is None:
        if allow_mixed:
            raise InvalidSetting("allow_mixed", allow_mixed, "none of it without a cluster")
        return in_process(threads)
    if not isinstance(cluster, str) or (cluster != LOCAL and ":" not in cluster):
        raise InvalidSetting("cluster", cluster, _WORDS)
    if installed("distributed") is None:
        raise InvalidSetting("cluster", cluster, "dask, which is not installed: pip install 'fnn[cluster]'")
    if cluster != LOCAL and threads is not None:
        raise InvalidSetting("threads", threads, "none of it beside a cluster, whose workers have their own")
    return _on_dask(cluster, threads or processors(), allow_mixed=allow_mixed, notice=notice)


@contextmanager
def _on_dask(cluster: str, workers: int, *, allow_mixed: bool, notice: Callable[[str], None]) -> Iterator[Executor]:
    from fnn.cluster.dask import OnDask

    with _quiet(), ExitStack() as stack:
        address: Any = stack.enter_context(_local(workers)) if cluster == LOCAL else cluster
        client = _connected(cluster, address)
        stack.callback(client.close, timeout=2)
        yield OnDask(client, cluster, notice, allow_mixed=allow_mixed)


def _local(workers: int) -> Any:
    """Start a cluster on this machine, which listens on the loopback interface alone."""
    from distributed import LocalCluster

    return LocalCluster(
        n_workers=workers, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address=None,
        worker_dashboard_address=None, silence_logs=logging.CRITICAL, preload=[_PRELOAD],
    )  # fmt: skip


def _connected(cluster: str, address: Any) -> Any:
    from distributed import Client, Security

    if str(address).startswith("tls:") and Security().get_connection_args("client").get("ssl_context") is None:
        words = "certificates by Dask's settings distributed.comm.tls.ca-file, .client.key and .client.cert"
        raise InvalidSetting("cluster", cluster, words)
    try:
        return Client(address, set_as_default=False, name="fnn")
    except (OSError, ValueError, RuntimeError, TypeError) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise InvalidSetting("cluster", cluster, f"a scheduler that answers there ({reason})") from error


@contextmanager
def _quiet() -> Iterator[None]:
    """Let Dask and Tornado log nothing: of their loggers some have handlers and levels of their own."""
    names = [name for name in logging.root.manager.loggerDict if name.partition(".")[0] in _LOGGERS]
    loggers = [logging.getLogger(name) for name in {*names, *_LOGGERS}]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
