#!/usr/bin/env python3
"""The four jobs of tests/data/README.md: rows byte for byte, ledgers, and the damaged lines."""
import base64
import gzip
import hashlib
import json
import os
import random
import subprocess
import unittest

from trommel_program import DATA, LONG, Case, commits, job_path, main, settings, zstd

THREADS = (1, 2, 3, 8)
WAYS = ("gzip", "plain", "zstd", "stdin")

# Job, then what must come out: the digest of its rows, and unique, duplicate, late.
JOBS = (
    ("weekly-all", None, (105596, 12131, 0)),
    ("weekly-60d", None, (101031, 11396, 5300)),
    (
        "commits-per-week",
        "10391d25750b93c76cf3116be0c711f352ccb72f932e1ac53e4086323ea4c0d1",
        (101031, 11396, 5300),
    ),
    (
        "bursts",
        "cd9f4d40894efa3ec7ced35d0c5efdbdb512fffa881cc12a0beb986ededc0865",
        (98362, 11028, 8337),
    ),
)


def expected_digest(job, digest):
    if digest is not None:
        return digest
    with open(os.path.join(DATA, "expected", job + ".csv"), "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


class RealStream(Case):
    @classmethod
    def setUpClass(cls):
        cls.stream = commits()

    def setUp(self):
        super().setUp()
        self.paths = {
            "plain": self.write("commits.ndjson", self.stream),
            "gzip": os.path.join(DATA, "commits.ndjson.gz"),
            "zstd": self.write("commits.ndjson.zst", zstd(self.stream)),
            "stdin": "-",
        }

    def run_job(self, job, way, threads, batch_records, sinks="[{type: stdout}]"):
        stdin = open(self.paths["plain"], "rb") if way == "stdin" else subprocess.DEVNULL
        try:
            return self.run_to_end(
                "run",
                job_path(job),
                "--json",
                stdin=stdin,
                *settings(
                    source__path=self.paths[way],
                    engine__threads=threads,
                    engine__batch_records=batch_records,
                    sinks=sinks,
                    dlq="{type: 'null'}",
                ),
            )
        finally:
            if way == "stdin":
                stdin.close()

    def combinations(self):
        """Every job with every way in and every number of threads (TROMMEL_LONG=1: all triples)."""
        for number, (job, digest, verdicts) in enumerate(JOBS):
            for t, threads in enumerate(THREADS):
                for w, way in enumerate(WAYS):
                    if LONG or (t + w + number) % len(WAYS) == 0:
                        yield job, expected_digest(job, digest), verdicts, threads, way

    def test_every_way_in_and_any_threads_and_batches_give_the_expected_rows(self):
        seed = random.randrange(10**6)
        rng = random.Random(seed)
        for job, digest, verdicts, threads, way in self.combinations():
            batch = rng.choice((1, 2, 7, 100, 1000, 4096, 65536, rng.randint(1, 65536)))
            with self.subTest(job=job, threads=threads, way=way, batch_records=batch, seed=seed):
                run = self.run_job(job, way, threads, batch)
                self.assert_done(run)
                self.assertEqual(hashlib.sha256(run.rows).hexdigest(), digest)
                ledger = run.report["ledger"]
                self.assertEqual(ledger["in"], 117798)
                self.assertEqual((ledger["unique"], ledger["duplicate"], ledger["late"]), verdicts)
                self.assertEqual(
                    (ledger["corrupt"], ledger["filtered"], ledger["refused"]), (71, 0, 0)
                )
                self.assertEqual(run.report["rows"], run.rows.count(b"\n") - 1)
                self.assert_every_shard_works(run.report, threads)

    def assert_every_shard_works(self, report, threads):
        events = [shard["events"] for shard in report["shards"]]
        ledger = report["ledger"]
        self.assertEqual(len(events), threads)
        self.assertEqual(sum(events), ledger["unique"] + ledger["duplicate"])
        self.assertEqual(sum(shard["unique"] for shard in report["shards"]), ledger["unique"])
        # 117,000 ids dealt at random: each shard's share is within a tenth of the others'.
        self.assertGreater(min(events), sum(events) / threads * 0.9)

    def test_partitions_of_the_report_add_up(self):
        report = self.run_job("weekly-60d", "gzip", 2, 4096).report
        names = {partition["name"] for partition in report["partitions"]}
        self.assertEqual(names, {"(source)", "dpdk", "rocksdb", "redpanda", "seastar", "vector"})
        for verdict, count in report["ledger"].items():
            self.assertEqual(
                sum(p["ledger"][verdict] for p in report["partitions"]), count, verdict
            )

    def letters(self, *more):
        run = self.run_to_end(
            "run",
            job_path("weekly-60d"),
            *settings(
                source__path=self.paths["gzip"],
                sinks="[{type: 'null'}]",
                dlq=f"{{type: file, path: {self.path('dead.ndjson')}}}",
            ),
            *more,
        )
        self.assert_done(run)
        return [json.loads(line) for line in self.read("dead.ndjson").splitlines()]

    def test_every_dead_letter_holds_its_line_its_place_and_its_reason(self):
        lines, offset = [], 0  # Of records: what the stream holds at that number, and where.
        for line in self.stream.splitlines(keepends=True):
            if line.strip():
                lines.append((offset, line.rstrip(b"\r\n")))
            offset += len(line)
        for threads in (1, 3):
            with self.subTest(threads=threads):
                letters = self.letters(*settings(engine__threads=threads))
                reasons = [letter["reason"] for letter in letters]
                self.assertEqual(
                    (len(letters), reasons.count("corrupt"), reasons.count("late")),
                    (5371, 71, 5300),
                )
                self.assertEqual(len({letter["record"] for letter in letters}), len(letters))
                for letter in letters:
                    self.check_letter(letter, *lines[letter["record"]])

    def check_letter(self, letter, offset, line):
        self.assertEqual(letter["offset"], offset, letter)
        self.assertEqual(letter["source"], self.paths["gzip"])
        try:
            self.assertEqual(letter.get("raw"), line.decode(), letter)
            self.assertNotIn("raw_base64", letter)
        except UnicodeDecodeError:
            self.assertEqual(base64.b64decode(letter["raw_base64"], validate=True), line, letter)
            self.assertNotIn("raw", letter)
        if letter["reason"] == "corrupt":
            self.assertRegex(letter["detail"], r"^field '\w+': \w+|\w+ \w+")
        if letter["reason"] == "late":
            self.assertEqual(json.loads(line)["project"], letter["partition"])

    def test_the_stream_holds_both_kinds_of_damaged_lines(self):
        corrupt = [letter for letter in self.letters() if letter["reason"] == "corrupt"]
        self.assertEqual({"raw" in letter for letter in corrupt}, {True, False})
        self.assertGreaterEqual(len({letter["detail"] for letter in corrupt}), 5)

    def test_several_packed_files_in_one_are_read_to_the_end(self):
        """As `cat a.gz b.gz` and log rotation make them."""
        half = self.stream.index(b"\n", len(self.stream) // 2) - 40  # Within a line.
        parts = self.stream[:half], self.stream[half:]
        for name, data in (
            ("two.gz", b"".join(map(gzip.compress, parts))),
            ("two.zst", b"".join(map(zstd, parts))),
        ):
            with self.subTest(name):
                run = self.run_to_end(
                    "run", job_path("weekly-all"), *settings(source__path=self.write(name, data))
                )
                self.assert_done(run)
                self.assertEqual(
                    hashlib.sha256(run.rows).hexdigest(), expected_digest("weekly-all", None)
                )


if __name__ == "__main__":
    main()
