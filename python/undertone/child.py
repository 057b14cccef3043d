"""A child process that is fed, and answers, without end: neither a full pipe nor its silence can hang who waits for it."""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator

import pyarrow as pa

# What every message of an Arrow IPC stream begins with.
_MARKER = b"\xff" * 4
# A longer description of columns is garbage.
_MOST_SCHEMA_BYTES = 16 << 20
# What a child says beyond this is lost, the oldest first.
_MOST_STDERR_BYTES = 64 << 10
# Batches of an answer that wait for whoever takes them.
_BATCHES_AHEAD = 8
# Seconds that are left to the pipes of a child that was killed.
_GRACE = 5.0
_END = object()
_GARBAGE = "its answer is no Arrow stream, or a damaged one"


class UndertoneError(RuntimeError):
    """The program refused or failed. `code` is its exit code, negative for a signal, None if it did not end by itself."""

    def __init__(self, message: str, code: int | None = None):
        super().__init__(message)
        self.code = code

    def __reduce__(self):
        return (UndertoneError, (str(self), self.code))


class Child:
    """A run of the program. Whoever waits for it waits at most `silence` seconds for a sign of life."""

    def __init__(self, arguments: list[str], silence: float):
        self._name = " ".join(["undertone", *arguments[1:3]])
        self._silence = silence
        # Settings of this machine are none of the job's.
        environment = {name: value for name, value in os.environ.items() if not name.startswith("UNDERTONE_")}
        self._process = subprocess.Popen(
            arguments,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
            start_new_session=True,
        )
        self._answers: queue.Queue = queue.Queue(_BATCHES_AHEAD)
        self._stderr = bytearray()
        self._verdict: str | None = None
        # Since when somebody waits for the child; None while nobody does.
        self._since: float | None = None
        self._heard = time.monotonic()
        self._is_broken = False
        # Whether all is sent, and whether nobody wants the answer any more.
        self._is_fed = self._is_left = False
        self._listener = self._start(self._drain_stderr)
        self._start(self._watch)

    def __enter__(self) -> Child:
        return self

    def __exit__(self, *_: object) -> None:
        self._is_left = True
        self._kill()
        self._process.wait()

    def text(self, lines: bytes) -> str:
        """Sends `lines`; gives back what the child prints."""
        self._start(lambda: self._answers.put(self._process.stdout.read()))
        try:
            self._write(lines)
            self._close()
        except BrokenPipeError:
            pass
        printed = self._take()
        self._conclude()
        return printed.decode()

    def batches(
        self, feed: Iterable[pa.RecordBatch], schema: pa.Schema, version: str | None
    ) -> Iterator[pa.RecordBatch]:
        """Sends an Arrow stream of batches; gives back the batches of the answer of a program of `version`, once all are sent."""
        self._start(lambda: self._read_batches(version))
        self._send(feed, schema)
        while (answer := self._take()) is not _END:
            if isinstance(answer, Exception):
                self._conclude()
                raise UndertoneError(f"{self._name}: {_GARBAGE}", 0)
            yield answer
        self._conclude()

    def said(self) -> str:
        """What the child wrote to stderr."""
        return bytes(self._stderr).decode(errors="replace").strip()

    def _send(self, feed: Iterable[pa.RecordBatch], schema: pa.Schema) -> None:
        try:
            with pa.ipc.new_stream(pa.PythonFile(_Pipe(self), "w"), schema) as stream:
                for batch in feed:
                    stream.write_batch(batch)
            self._close()
        except (OSError, pa.ArrowException):
            # A child that takes no more says why when it is asked for its answer.
            if not self._is_broken:
                raise

    def _write(self, data: bytes) -> None:
        self._since = time.monotonic()
        try:
            self._process.stdin.write(data)
        except (BrokenPipeError, ValueError) as error:
            self._is_broken = True
            raise BrokenPipeError from error
        finally:
            self._since = None

    def _close(self) -> None:
        self._is_fed = True
        self._since = time.monotonic()
        try:
            self._process.stdin.close()
        except BrokenPipeError:
            self._is_broken = True
        finally:
            self._since = None

    def _take(self) -> object:
        self._since = time.monotonic()
        killed = None
        try:
            while True:
                try:
                    return self._answers.get(timeout=1.0)
                except queue.Empty:
                    # Whoever inherited the pipes of a child that is gone may hold them for ever.
                    if self._process.poll() is not None:
                        killed = killed or time.monotonic()
                    if killed and time.monotonic() - killed > _GRACE:
                        return _END
        finally:
            self._since = None

    def _conclude(self) -> None:
        """Raises what the child failed with, if it did."""
        try:
            code = self._process.wait(_GRACE)
        except subprocess.TimeoutExpired:
            self._end_with("it did not end with its answer")
            code = None
        self._listener.join(_GRACE)
        if self._verdict is not None:
            raise UndertoneError(f"{self._name}: {self._verdict}", None)
        if code == 0:
            return
        how = f"was ended by signal {-code}" if code < 0 else f"ended with {code}"
        said = self.said()
        note = (
            '\n(in Spark a flag is a keyword: --map text=Body is map={"text": "Body"}, --max-rejects 10 is max_rejects=10)'
            if "--" in said
            else ""
        )
        raise UndertoneError(f"{self._name} {how}: {said or 'it said nothing'}{note}", code)

    def _read_batches(self, version: str | None) -> None:
        try:
            head = self._process.stdout.peek(8)
            if head[:4] != _MARKER or int.from_bytes(head[4:8], "little") > _MOST_SCHEMA_BYTES:
                raise pa.ArrowInvalid("no stream")
            with pa.ipc.open_stream(self._process.stdout) as stream:
                found = (stream.schema.metadata or {}).get(b"undertone", b"?").decode()
                if found != version:
                    self._end_with(f"the program here is of version {found}, and the driver's of {version}")
                    return self._put(_END)
                for batch in stream:
                    self._heard = time.monotonic()
                    # An empty one is a sign of life.
                    if batch.num_rows:
                        self._put(batch)
            self._put(_END)
        except Exception as error:
            try:
                # A child that failed says why; one that goes on has nobody who reads what it writes.
                self._process.wait(1.0)
            except subprocess.TimeoutExpired:
                self._end_with(_GARBAGE)
            self._put(error)

    def _put(self, answer: object) -> None:
        while not self._is_left:
            try:
                return self._answers.put(answer, timeout=1.0)
            except queue.Full:
                if not self._is_fed:
                    return self._end_with("it answers before it has all turns")

    def _end_with(self, verdict: str) -> None:
        self._verdict = self._verdict or verdict
        self._kill()

    def _drain_stderr(self) -> None:
        while chunk := self._process.stderr.read1():
            self._stderr += chunk
            del self._stderr[:-_MOST_STDERR_BYTES]

    def _watch(self) -> None:
        while self._process.poll() is None:
            since = self._since
            if since is not None and time.monotonic() - max(since, self._heard) > self._silence:
                self._end_with(f"it gave no sign of life for {self._silence:g} s")
            time.sleep(min(0.5, self._silence / 4))

    def _kill(self) -> None:
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            pass

    @staticmethod
    def _start(work: Callable[[], object]) -> threading.Thread:
        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        return thread


class _Pipe:
    """The child's stdin as pyarrow writes to it."""

    closed = False

    def __init__(self, child: Child):
        self._child = child

    def write(self, data: bytes) -> int:
        self._child._write(data)
        return len(data)

    def flush(self) -> None:
        pass

    def close(self) -> None:
        self.closed = True


def warn(text: str) -> None:
    """What a child said though it went well, for the log of a task."""
    if text:
        print(text, file=sys.stderr)
