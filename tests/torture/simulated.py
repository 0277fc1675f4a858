"""A world of its own: threads that take turns, a clock that passes only while all of them wait, a network between them.

The program and the tests' server run in it unchanged, from the sockets upwards; what takes ten minutes there takes a
moment here, no machine is too busy for it, and the same seed gives the same course, whatever order threads run in.

One thread runs at a time, until it waits for something. Then one of those whose waiting is over goes on, chosen by the
seed; when there is none, the clock goes forward to the next instant at which there will be.
"""

from __future__ import annotations

import contextlib
import errno
import io
import random
import threading
from collections import deque
from collections.abc import Callable, Iterator
from queue import Empty
from types import SimpleNamespace
from typing import Any, Self
from unittest import mock

from kubectl_rollouts.cluster import credentials, parallel, pool, reflector, transport, wire
from kubectl_rollouts.cluster.wire import Wire, WireError
from kubectl_rollouts.release import fetch, follow, probe, streams, waiting
from tests.support import api_server
from tests.torture import faulty_server

EPOCH = 4_000_000_000.0  # seconds; what the wall clock says when the world begins: no real one is as late
NEVER = float("inf")
LATENCY = (0.0002, 0.005)  # seconds that bytes are under way


class Over(BaseException):
    """The world has ended; what still waits in it ends, too."""


class Stuck(Exception):
    """Everything waits for something that nothing will bring about."""


class Task:
    """A thread of the world."""

    def __init__(self, work: Callable[[], None], name: str) -> None:
        self.work = work
        self.name = name
        self.thread: threading.Thread | None = None
        self.go = threading.Lock()  # released when it is this one's turn
        self.go.acquire()
        self.ready: Callable[[], bool] = lambda: True
        self.deadline = NEVER
        self.done = False
        self.failure: BaseException | None = None


class World:
    """The clock, and whose turn it is."""

    def __init__(self, seed: int) -> None:
        self.now = 1000.0
        self.chance = random.Random(seed)
        self.tasks: list[Task] = []
        self.current: Task | None = None
        self.over = False
        self.failures: list[BaseException] = []  # what threads died of
        self._ended = threading.Semaphore(0)

    def run(self, main: Callable[[], None]) -> None:
        """Begin with one thread; when that has ended, the world has. Raises what it, or any other thread, raised."""
        outcome: list[BaseException] = []

        def first() -> None:
            try:
                main()
            except BaseException as error:
                outcome.append(error)
            finally:
                self.over = True

        self.spawn(first, "main")
        self._pick().go.release()
        self._ended.acquire()
        for error in (*outcome, *self.failures):
            raise error

    def spawn(self, work: Callable[[], None], name: str = "") -> Task:
        """Begin a thread; it has its first turn later."""
        task = Task(work, name or getattr(work, "__qualname__", ""))
        self.tasks.append(task)
        task.thread = threading.Thread(target=self._live, args=(task,), daemon=True)
        task.thread.start()
        return task

    def wait(self, ready: Callable[[], bool], timeout: float | None = None) -> bool:
        """Wait until something is so, or for some seconds; whether it is so."""
        if self.over or not self.is_here():  # a thread from elsewhere has no turn here, and would upset the others'
            raise Over
        me = self.current
        assert me is not None
        me.ready, me.deadline = ready, NEVER if timeout is None else self.now + max(0.0, timeout)
        chosen = self._pick()
        if chosen is not me:
            chosen.go.release()
            me.go.acquire()
        if self.over:
            raise Over
        return ready()

    def is_here(self) -> bool:
        """Whether the caller is one of the world's threads."""
        return self.current is not None and self.current.thread is threading.current_thread()

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.wait(lambda: False, seconds)

    def _live(self, task: Task) -> None:
        task.go.acquire()
        try:
            if not self.over:
                task.work()
        except Over:
            pass
        except BaseException as error:
            task.failure = error
            self.failures.append(error)
        finally:
            task.done = True
            self.tasks.remove(task)
            if self.tasks:
                self._pick().go.release()
            else:
                self._ended.release()

    def _pick(self) -> Task:
        """Whose turn it is now."""
        if self.over:
            self.current = self.tasks[0]
            return self.current
        while True:
            ready = [task for task in self.tasks if task.deadline <= self.now or task.ready()]
            if ready:
                self.current = self.chance.choice(ready)
                return self.current
            soonest = min(task.deadline for task in self.tasks)
            if soonest == NEVER:
                self.over = True
                self.failures.append(Stuck(f"{[task.name for task in self.tasks]} wait for ever"))
                return self._pick()
            self.now = max(self.now, soonest)


# --- What the program takes from `time`, `threading`, `_thread` and `queue` ------------------------------------------


class Event:
    """threading.Event."""

    def __init__(self, world: World) -> None:
        self._world, self._set = world, False

    def is_set(self) -> bool:
        return self._set

    def set(self) -> None:
        self._set = True

    def clear(self) -> None:
        self._set = False

    def wait(self, timeout: float | None = None) -> bool:
        return self._world.wait(self.is_set, timeout)


class Lock:
    """threading.Lock and RLock, and threading.Condition."""

    def __init__(self, world: World, reentrant: bool = False) -> None:
        self._world, self._reentrant = world, reentrant
        self._owner: Task | None = None
        self._depth = 0

    def _free(self) -> bool:
        return self._owner is None or (self._reentrant and self._owner is self._world.current)

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        if not self._free():
            if not blocking:
                return False
            if not self._world.wait(lambda: self._owner is None, None if timeout < 0 else timeout):
                return False
        self._owner = self._world.current
        self._depth += 1
        return True

    def release(self) -> None:
        self._depth -= 1
        if not self._depth:
            self._owner = None

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def notify_all(self) -> None:
        """Whoever waits looks by itself."""

    def wait_for(self, ready: Callable[[], Any], timeout: float | None = None) -> bool:
        depth, self._depth, self._owner = self._depth, 0, None
        try:
            return self._world.wait(lambda: self._owner is None and bool(ready()), timeout)
        finally:
            if not self._world.over and self._owner is not None:
                self._world.wait(lambda: self._owner is None)
            self._depth, self._owner = depth, self._world.current


class Queue:
    """queue.SimpleQueue."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._items: deque[Any] = deque()

    def put(self, item: Any) -> None:
        self._items.append(item)

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        if not self._items and not (block and self._world.wait(lambda: bool(self._items), timeout)):
            raise Empty
        return self._items.popleft()

    def get_nowait(self) -> Any:
        return self.get(block=False)

    def empty(self) -> bool:
        return not self._items


class Thread:
    """threading.Thread."""

    def __init__(
        self,
        world: World,
        target: Callable[..., None],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
        daemon: bool = True,
    ) -> None:
        self._world = world
        self._work = lambda: target(*args, **(kwargs or {}))
        self._name = getattr(target, "__qualname__", "")
        self._task: Task | None = None

    def start(self) -> None:
        self._task = self._world.spawn(self._work, self._name)

    def join(self, timeout: float | None = None) -> None:
        task = self._task
        if task is not None:
            self._world.wait(lambda: task.done, timeout)


# --- The network -----------------------------------------------------------------------------------------------------


class Socket:
    """One end of a connection."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.peer: Socket | None = None
        self.pieces: deque[bytes] = deque()
        self.ended = False  # the other side sends no more
        self.was_reset = False
        self.closed = False
        self.frozen = False  # the connection is dead, and nobody has been told
        self._timeout: float | None = None
        self._abrupt = False

    def settimeout(self, timeout: float | None) -> None:
        self._timeout = timeout

    def setsockopt(self, _level: int, option: int, _value: Any) -> None:
        import socket

        self._abrupt = self._abrupt or option == socket.SO_LINGER

    def readable(self) -> bool:
        return bool(self.pieces) or self.ended or self.was_reset or self.closed

    def sendall(self, data: bytes) -> None:
        world = self.network.world
        world.sleep(world.chance.uniform(*LATENCY))
        if self.closed:
            raise OSError(errno.EBADF, "Bad file descriptor")
        if self.was_reset or self.peer is None or (self.peer.closed and not self.frozen):
            raise ConnectionResetError(errno.ECONNRESET, "Connection reset by peer")
        if not self.frozen:
            self.peer.pieces.append(bytes(data))

    def recv(self, size: int) -> bytes:
        if not self.network.world.wait(self.readable, self._timeout):
            raise TimeoutError("timed out")
        if self.pieces:
            piece = self.pieces.popleft()
            if len(piece) > size:
                self.pieces.appendleft(piece[size:])
            return piece[:size]
        if self.was_reset:
            raise ConnectionResetError(errno.ECONNRESET, "Connection reset by peer")
        if self.closed and not self.ended:
            raise OSError(errno.EBADF, "Bad file descriptor")
        return b""

    def shutdown(self, _how: int) -> None:
        self.ended = True
        if self.peer is not None and not self.frozen:
            self.peer.ended = True

    def close(self) -> None:
        if self.closed:
            return
        self.closed = True
        self.network.open.discard(self)
        if self.peer is not None and not self.frozen:
            if self._abrupt:
                self.peer.was_reset = True
                self.peer.pieces.clear()
            else:
                self.peer.ended = True

    def freeze(self) -> None:
        """Die without a word: neither side hears of the other again."""
        self.frozen = True
        if self.peer is not None:
            self.peer.frozen = True

    def makefile(self, _mode: str, buffering: int = -1) -> Any:
        return io.BufferedReader(_Reader(self), 65536)

    def fileno(self) -> int:
        return -1


class _Reader(io.RawIOBase):
    def __init__(self, sock: Socket) -> None:
        self._sock = sock

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._sock.recv(len(buffer))
        buffer[: len(data)] = data
        return len(data)


class Network:
    """Who listens, and what is open. `hole`: everything that is sent is lost, new connections hang."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.listeners: dict[tuple[str, int], Http] = {}
        self.open: set[Socket] = set()  # clients' ends
        self.hole = False
        self.attempts: list[float] = []  # when connections were tried

    def connect(self, host: str, port: int, timeout: float, cancelled: Callable[[], bool] | None = None) -> Socket:
        """Take the place of `dial.connect`."""
        world = self.world
        self.attempts.append(world.now)
        end = world.now + timeout
        world.sleep(world.chance.uniform(*LATENCY))
        while self.hole:
            if cancelled is not None and cancelled():
                raise WireError("closed")
            if world.now >= end:
                raise WireError(f"dial tcp {host}:{port}: i/o timeout", timed_out=True)
            world.sleep(min(0.2, end - world.now))
        listener = self.listeners.get((host, port))
        if listener is None:
            raise WireError(f"dial tcp {host}:{port}: connect: connection refused")
        ours, theirs = Socket(self), Socket(self)
        ours.peer, theirs.peer = theirs, ours
        self.open.add(ours)
        listener.accept(theirs)
        return ours

    def cut_off(self) -> None:
        """Lose all that is under way and all that will be sent, as when a cable is pulled."""
        self.hole = True
        for sock in list(self.open):
            sock.freeze()


class Http:
    """What the tests' server needs of `http.server.ThreadingHTTPServer`."""

    def __init__(self, network: Network, address: tuple[str, int], handler: Any) -> None:
        self.network = network
        self.server_address = (address[0], address[1] or 6443)
        self.RequestHandlerClass = handler
        self.open: set[Socket] = set()
        network.listeners[self.server_address] = self
        self._stopping = False

    def accept(self, sock: Socket) -> None:
        """Serve a connection in a thread of its own."""
        self.open.add(sock)
        self.network.world.spawn(lambda: self._serve(sock), "server")

    def _serve(self, sock: Socket) -> None:
        try:
            self.RequestHandlerClass(sock, ("127.0.0.1", 1), self)
        except Exception:  # as the real one does not care, which answers nothing then
            pass
        finally:
            self.open.discard(sock)
            sock.close()

    def serve_forever(self, poll_interval: float) -> None:
        """Wait for the end."""
        self.network.world.wait(lambda: self._stopping)

    def shutdown(self) -> None:
        self._stopping = True

    def server_close(self) -> None:
        self.network.listeners.pop(self.server_address, None)

    def close_all(self) -> None:
        for sock in list(self.open):
            sock.shutdown(2)


@contextlib.contextmanager
def world(seed: int) -> Iterator[tuple[World, Network]]:
    """A world in which the program's watching parts and the tests' server live, for the time of the block."""
    made = World(seed)
    network = Network(made)
    reflector._RANDOM.seed(seed)
    clock = SimpleNamespace(monotonic=lambda: made.now, time=lambda: EPOCH + made.now, sleep=made.sleep)
    threads = SimpleNamespace(
        Event=lambda: Event(made),
        Condition=lambda: Lock(made, reentrant=True),
        Lock=lambda: Lock(made),
        Thread=lambda target, args=(), kwargs=None, daemon=True: Thread(made, target, args, kwargs, daemon),
    )
    low = SimpleNamespace(
        allocate_lock=lambda: Lock(made),
        start_new_thread=lambda work, args: made.spawn(lambda: work(*args)),
        LockType=Lock,
    )
    sockets = SimpleNamespace(socket=SimpleNamespace(shutdown=lambda sock, how: sock.shutdown(how)), SHUT_RDWR=2)
    with contextlib.ExitStack() as stack:
        for module in (credentials, pool, transport, wire, fetch, follow, streams, api_server):
            stack.enter_context(mock.patch.object(module, "time", clock))
        for module in (reflector, streams, follow, waiting, api_server, faulty_server):
            stack.enter_context(mock.patch.object(module, "threading", threads))
        for module in (credentials, parallel, pool, probe):
            stack.enter_context(mock.patch.object(module, "_thread", low))
        stack.enter_context(mock.patch.object(follow, "SimpleQueue", lambda: Queue(made)))
        settings = reflector.Reflector.__init__.__kwdefaults__
        stack.enter_context(mock.patch.dict(settings, clock=clock.monotonic))
        stack.enter_context(mock.patch.object(pool, "connect", network.connect))
        stack.enter_context(mock.patch.object(wire, "socket", sockets))
        stack.enter_context(mock.patch.object(Wire, "stale", lambda self: self.sock.readable()))
        stack.enter_context(
            mock.patch.object(api_server, "_Http", lambda address, handler: Http(network, address, handler))
        )
        yield made, network
