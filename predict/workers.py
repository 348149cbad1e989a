"""Worker processes: each loads what it needs once and then does one kind of work, one item at a time.

Workers are plain processes with a pipe each. When the main process ends, however it ends, the pipes end, and so do the
workers; executors whose workers share queues (loky, `concurrent.futures`) leave them waiting for ever when it is
killed, and starting them takes longer.
"""

from __future__ import annotations

import multiprocessing
import queue
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any, TypeVar

from predict.errors import NewsieveError

Item = TypeVar("Item")
Result = TypeVar("Result")


@contextmanager
def workers(jobs: int, make: Callable[[], Callable[[Item], Result]]) -> Iterator[Callable[[Item], Future[Result]]]:
    """Start `jobs` processes; gives a function that hands an item to the next free one.

    make: called once in each process; returns what is then called with each item. Items and results are pickled. The
    processes are ended on leaving, whatever they are at.
    """
    context = multiprocessing.get_context("spawn")
    idle: queue.SimpleQueue[Connection] = queue.SimpleQueue()
    processes = []
    interrupt = signal.signal(signal.SIGINT, signal.SIG_IGN)  # inherited: Ctrl-C is for this process to handle
    try:
        for _ in range(jobs):
            ours, theirs = context.Pipe()
            process = context.Process(target=_serve, args=(theirs, make), daemon=True)
            process.start()
            theirs.close()
            processes.append(process)
            idle.put(ours)
    finally:
        signal.signal(signal.SIGINT, interrupt)
    threads = ThreadPoolExecutor(jobs)  # one for each process, which it does nothing but wait for
    try:
        yield lambda item: threads.submit(_ask, idle, item)
    finally:
        for process in processes:
            process.kill()
        threads.shutdown(cancel_futures=True)
        for process in processes:
            process.join()


def _ask(idle: queue.SimpleQueue[Connection], item: Any) -> Any:
    pipe = idle.get()
    try:
        pipe.send(item)
        done, answer = pipe.recv()
    except (EOFError, OSError):
        raise NewsieveError("a worker process ended early, perhaps for want of memory; try fewer --jobs") from None
    finally:
        idle.put(pipe)
    if not done:
        raise answer
    return answer


def _serve(pipe: Connection, make: Callable[[], Callable[[Any], Any]]) -> None:
    """What a worker does until its pipe ends."""
    try:
        work = make()
        while True:
            pipe.send((True, work(pipe.recv())))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return
    except Exception as error:
        pipe.send((False, error))
