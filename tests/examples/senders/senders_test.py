#!/usr/bin/env python3
"""The example senders send the same frames, and trommel reads them.

Arguments: the program, the sender in C as a program (or "" where there is no C compiler).
"""
import os
import socket
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
EVENTS = 1000
FRAMES = 23  # Of up to 44 events.
ENDS = 3
PROGRAM, SENDER_IN_C = sys.argv.pop(1), sys.argv.pop(1)

JOB = """
version: 1
name: senders
source: {{ type: file, path: {path} }}
decode: {{ format: binary }}
time: {{ out_of_order: 1s }}
dedup: {{ mode: exact, horizon: 2h }}
aggregates: {{ count: count, sum: sum(value) }}
windows: [ {{ name: all, type: tumbling, size: 1h }} ]
sinks: [ {{ type: stdout }} ]
"""


def frames_of(*command):
    """The datagrams that a sender sends."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        subprocess.run([*command, "127.0.0.1", str(receiver.getsockname()[1])], check=True)
        receiver.setblocking(False)
        return [receiver.recv(65536) for _ in range(FRAMES + ENDS)]


class Senders(unittest.TestCase):
    def sender_in_c(self):
        if not SENDER_IN_C:
            self.skipTest("there was no C compiler")
        return [SENDER_IN_C]

    def sender_in_python(self):
        # Debian's package is for Debian's interpreter, which need not be the one that runs this.
        for python in (sys.executable, "/usr/bin/python3"):
            if not os.path.exists(python):
                continue
            tried = subprocess.run(
                [python, "-c", "import xxhash"], capture_output=True, check=False
            )
            if tried.returncode == 0:
                return [python, os.path.join(HERE, "send_frames.py")]
        return self.skipTest("python3-xxhash is not installed; tools/setup does it")

    def assert_read(self, frames):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "events.frames")
            with open(path, "wb") as file:
                file.write(b"".join(frames))
            job = os.path.join(folder, "job.yaml")
            with open(job, "w", encoding="utf-8") as file:
                file.write(JOB.format(path=path))
            run = subprocess.run(
                [PROGRAM, "run", job], capture_output=True, text=True, check=False
            )
            self.assertEqual(run.returncode, 0, run.stderr)
            self.assertIn(f"in={EVENTS} unique={EVENTS} duplicate=0 late=0 corrupt=0", run.stderr)
            rows = run.stdout.splitlines()[1:]
            counts = [int(row.split(",")[-2]) for row in rows]
            sums = [int(row.split(",")[-1]) for row in rows]
            self.assertEqual(sum(counts), EVENTS)
            self.assertEqual(sum(sums), sum(range(EVENTS)))

    def test_the_sender_in_c_is_understood(self):
        self.assert_read(frames_of(*self.sender_in_c()))

    def test_the_sender_in_python_is_understood(self):
        self.assert_read(frames_of(*self.sender_in_python()))

    def test_both_send_the_same_bytes(self):
        in_c, in_python = self.sender_in_c(), self.sender_in_python()
        self.assertEqual(frames_of(*in_c), frames_of(*in_python))

    def test_a_frame_is_an_ethernet_packet(self):
        sizes = [len(frame) for frame in frames_of(*self.sender_in_c())]
        self.assertEqual(sizes, [1440] * 22 + [32 + 32 * (EVENTS - 22 * 44)] + [32] * ENDS)


if __name__ == "__main__":
    unittest.main()
