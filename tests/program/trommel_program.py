"""Runs the program as a user does, for the tests beside this file."""
import ctypes
import gzip
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
DATA = os.path.join(ROOT, "tests", "data")
ORACLE = os.path.join(ROOT, "tests", "kit", "oracle.py")
PROGRAM = os.environ.get("TROMMEL_PROGRAM", "trommel")
SANITIZED = bool(os.environ.get("TROMMEL_SANITIZED"))  # Then memory and speed say nothing.
LONG = os.environ.get("TROMMEL_LONG") == "1"

# After sysexits.h; tools/exit_code.h.
DONE, USAGE, CORRUPT, NO_INPUT, IO, MEMORY_FULL, JOB_FILE, INTERRUPTED = (
    0,
    64,
    65,
    66,
    74,
    75,
    78,
    130,
)
HANGS_AFTER_S = 600  # A program that hangs shall not hang the test; nothing is measured by it.

VERDICTS = ("unique", "duplicate", "late", "corrupt", "filtered", "refused")


def ledger_of(line):
    """'in=3 unique=2 ...' as a dictionary; None when the line is no ledger."""
    if not re.fullmatch(r"in=\d+( [a-z]+=\d+)+", line):
        return None
    return {name: int(count) for name, count in (part.split("=") for part in line.split())}


class Program:
    """One started program. Its stdin and stdout are pipes unless the caller gives files."""

    def __init__(
        self, *arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, env=None, **popen
    ):
        clean = {k: v for k, v in os.environ.items() if not k.startswith("TROMMEL_")}
        self.arguments = list(map(str, arguments))
        self.errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [PROGRAM, *self.arguments],
            stdin=stdin,
            stdout=stdout,
            stderr=self.errors,
            env={**clean, **(env or {})},
            **popen,
        )
        self.watchdog = threading.Timer(HANGS_AFTER_S, self.process.kill)
        self.watchdog.start()
        self.rows = b""
        self.code = None
        self.feeder = None

    def read_line(self):
        """The next line of stdout; waits for it."""
        line = self.process.stdout.readline()
        self.rows += line
        return line

    def feed(self, chunks, to=None, end=True):
        """Writes its input (stdin, or the FIFO `to`) while the caller reads its output."""
        arguments = (self.feeder, chunks, to or self.process.stdin, end)
        self.feeder = threading.Thread(target=self._feed, args=arguments, daemon=True)
        self.feeder.start()

    def finish(self):
        """Reads the rest of stdout and waits for the end."""
        if self.process.stdout is not None:
            self.rows += self.process.stdout.read()
            self.process.stdout.close()
        self.code = self.process.wait()
        return self

    def close(self):
        """Ends it, if it still runs, and forgets what it said."""
        self.process.kill()
        self.process.wait()
        self.watchdog.cancel()
        for file in (self.process.stdin, self.process.stdout, self.errors):
            if file is not None:
                file.close()

    def _feed(self, before, chunks, to, end):
        if before is not None:
            before.join()
        try:
            for chunk in chunks:
                to.write(chunk)
            to.close() if end else to.flush()
        except BrokenPipeError:
            pass  # It ended before its input did; the test sees that elsewhere.

    @property
    def resident_bytes_max(self):
        """The most memory it has had so far, while it runs. (getrusage can tell its parent's.)"""
        with open(f"/proc/{self.process.pid}/status") as status:
            return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM:"))

    @property
    def says(self):
        """What is on stderr so far."""
        return os.pread(self.errors.fileno(), 1 << 24, 0).decode(errors="replace")

    @property
    def last_line(self):
        return self.says.rstrip("\n").rpartition("\n")[2]

    @property
    def report(self):
        """The full report, of a run with --json."""
        report = json.loads(self.last_line)
        assert report["event"] == "report", report
        return report

    @property
    def ledger(self):
        return ledger_of(self.last_line) or self.report["ledger"]


class Case(unittest.TestCase):
    """A test with a folder of its own."""

    maxDiff = 4000

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="trommel_")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, data):
        """A file in the test's folder; returns its path."""
        with open(self.path(name), "wb") as file:
            file.write(data if isinstance(data, bytes) else data.encode())
        return self.path(name)

    def read(self, name):
        with open(self.path(name), "rb") as file:
            return file.read()

    def start(self, *arguments, **options):
        program = Program(*arguments, **options)
        self.addCleanup(program.close)
        return program

    def run_to_end(self, *arguments, send=None, **options):
        """Runs the program. `send`: what its stdin gets, bytes or chunks of them."""
        if send is not None:
            options["stdin"] = subprocess.PIPE
        program = self.start(*arguments, **options)
        if send is not None:
            program.feed([send] if isinstance(send, bytes) else send)
        program.finish()
        self.check_manners(program)
        return program

    def check_manners(self, program):
        """Of every run: it ends by itself, its ledger adds up, its errors read like errors."""
        said = f"{' '.join(program.arguments)}: exit {program.code}\n{program.says}"
        self.assertGreaterEqual(program.code, 0, said)  # No signal ended it.
        self.assertNotRegex(
            program.says, r"terminate called|what\(\)|Assertion|Sanitizer|runtime error", said
        )
        ledger = ledger_of(program.last_line)
        if ledger is not None:
            self.assertEqual(ledger["in"], sum(ledger[v] for v in VERDICTS), said)
        if program.code not in (DONE, INTERRUPTED):
            self.assertRegex(program.says, r"error", said)

    def assert_done(self, program, rows=None):
        self.assertEqual(program.code, DONE, f"{program.arguments}\n{program.says}")
        if rows is not None:
            self.assert_same_bytes(program.rows, rows, program)

    def assert_same_bytes(self, found, expected, program):
        if found == expected:
            return
        lines = zip(found.splitlines() + [b"(end)"], expected.splitlines() + [b"(end)"])
        number, (ours, theirs) = next(
            (n, pair) for n, pair in enumerate(lines, 1) if pair[0] != pair[1]
        )
        self.fail(
            f"{' '.join(program.arguments)}: row {number} is {ours!r} where {theirs!r} belongs\n"
            + program.says
        )


def settings(**values):
    """settings(engine__threads=2) -> ['-s', 'engine.threads=2']"""
    return [
        word
        for name, value in values.items()
        for word in ("-s", f"{name.replace('__', '.')}={value}")
    ]


def commits():
    """The real stream of tests/data, unpacked."""
    with gzip.open(os.path.join(DATA, "commits.ndjson.gz")) as file:
        return file.read()


def job_path(name):
    return os.path.join(DATA, "jobs", name + ".yaml")


def zstd(data):
    """`data` as a .zst file. Python has no module for it, but trommel needs the library too."""
    library = ctypes.CDLL("libzstd.so.1")
    library.ZSTD_compressBound.restype = library.ZSTD_compress.restype = ctypes.c_size_t
    library.ZSTD_compressBound.argtypes = [ctypes.c_size_t]
    library.ZSTD_compress.argtypes = [
        ctypes.c_char_p,
        ctypes.c_size_t,
        ctypes.c_char_p,
        ctypes.c_size_t,
        ctypes.c_int,
    ]
    room = ctypes.create_string_buffer(library.ZSTD_compressBound(len(data)))
    size = library.ZSTD_compress(room, len(room), data, len(data), 3)
    return room.raw[:size]


def oracle(*arguments):
    """What the slow, obvious program says: (rows, ledger)."""
    done = subprocess.run(
        [sys.executable, "-B", ORACLE, *map(str, arguments)], capture_output=True, check=True
    )
    return done.stdout, ledger_of(done.stderr.decode().strip())


main = unittest.main
