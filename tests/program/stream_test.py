#!/usr/bin/env python3
"""Records that come by a socket: the answer is that of the same records in a file."""
import os
import signal
import socket
import subprocess
import time

from trommel_program import (
    DONE,
    HANGS_AFTER_S,
    PROGRAM,
    Case,
    commits,
    job_path,
    main,
    settings,
)


def has_io_uring():
    said = subprocess.run([PROGRAM, "version", "--verbose"], capture_output=True, check=True).stdout
    return any(line.split()[:2] == [b"io_uring", b"yes"] for line in said.splitlines())


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


class Stream(Case):
    @classmethod
    def setUpClass(cls):
        cls.lines = commits().splitlines(keepends=True)
        cls.ways = ["poll"] + (["io_uring"] if has_io_uring() else [])

    def start_on(self, source, *more):
        return self.start("run", job_path("weekly-60d"), *settings(source=source), *more)

    def connect(self, where, program):
        """Waits for the listener, as long as the program runs."""
        limit = time.monotonic() + HANGS_AFTER_S
        while time.monotonic() < limit:
            self.assertIsNone(program.process.poll(), program.says)
            peer = socket.socket(
                socket.AF_UNIX if isinstance(where, str) else socket.AF_INET, socket.SOCK_STREAM
            )
            self.addCleanup(peer.close)
            try:
                peer.connect(where)
                return peer
            except OSError:
                peer.close()
                time.sleep(0.005)
        self.fail("it never listened")

    def rows_of(self, records):
        path = self.write("part.ndjson", b"".join(self.lines[:records]))
        run = self.run_to_end("run", job_path("weekly-60d"), *settings(source__path=path))
        self.assert_done(run)
        return run.rows

    def send_all(self, peer, data, program):
        """In pieces that end anywhere, and then its end, while the caller reads the rows."""
        writer = peer.makefile("wb", buffering=0)
        peer.close()  # The writer keeps it open.
        program.feed((data[at : at + 40961] for at in range(0, len(data), 40961)), writer)

    def test_a_connection_is_answered_as_a_file_is(self):
        expected = self.rows_of(len(self.lines))
        data = b"".join(self.lines)
        for way in self.ways:
            for threads in (1, 3):
                with self.subTest(way=way, threads=threads):
                    port = free_port()
                    program = self.start_on(
                        f"{{type: tcp, listen: '127.0.0.1:{port}', receive: {way}, "
                        "stop_with_senders: true}",
                        *settings(engine__threads=threads),
                    )
                    peer = self.connect(("127.0.0.1", port), program)
                    self.send_all(peer, data, program)
                    self.assert_done(program.finish(), expected)
                    self.assertEqual(program.ledger["in"], len(self.lines))
                    self.assertIn(
                        f"sent={len(self.lines)} delivered={len(self.lines)} lost=0", program.says
                    )

    def test_a_unix_socket_is_its_owners_and_goes_with_the_run(self):
        path = self.path("socket")
        program = self.start_on(f"{{type: unix, path: {path}, stop_with_senders: true}}")
        peer = self.connect(path, program)
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)
        self.send_all(peer, b"".join(self.lines[:1000]), program)
        self.assert_done(program.finish(), self.rows_of(1000))
        self.assertFalse(os.path.exists(path))

    def test_a_signal_drains_what_had_come(self):
        for way in self.ways:
            for threads in (1, 2):
                with self.subTest(way=way, threads=threads):
                    path, rows = self.path("socket"), self.path("rows.csv")
                    program = self.start_on(
                        f"{{type: unix, path: {path}, receive: {way}}}",
                        *settings(
                            engine__threads=threads, sinks=f"[{{type: file, path: {rows}}}]"
                        ),
                    )
                    peer = self.connect(path, program)
                    # All of it is in the kernel's hands or ours when the signal comes; the last
                    # record has begun and is not whole.
                    peer.sendall(b"".join(self.lines[:60000]) + b'{"id":')
                    program.process.send_signal(signal.SIGTERM)
                    program.finish()
                    self.check_manners(program)
                    self.assertEqual(program.code, DONE, program.says)
                    cut = self.write(
                        "part.ndjson", b"".join(self.lines[:60000]) + b'{"id":\n'
                    )
                    whole = self.run_to_end(
                        "run", job_path("weekly-60d"), *settings(source__path=cut)
                    )
                    self.assertEqual(program.ledger, whole.ledger)
                    self.assert_same_bytes(self.read("rows.csv"), whole.rows, program)
                    peer.close()

    def test_a_socket_that_is_in_use_is_an_error(self):
        path = self.path("socket")
        program = self.start_on(f"{{type: unix, path: {path}, stop_with_senders: true}}")
        peer = self.connect(path, program)
        second = self.run_to_end(
            "run", job_path("weekly-60d"), *settings(source=f"{{type: unix, path: {path}}}")
        )
        self.assertNotEqual(second.code, DONE)
        self.assertIn("another process listens", second.says)
        peer.sendall(self.lines[0])
        peer.close()
        self.assert_done(program.finish())


if __name__ == "__main__":
    main()
