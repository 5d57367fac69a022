#!/usr/bin/env python3
"""The real stream many times over, with shifted times, ids and keys: what is kept stays bounded."""
import calendar
import gzip
import json
import os
import subprocess
import time

from trommel_program import DATA, LONG, SANITIZED, Case, main

DAY_S = 86400
ALIGNED_S = 105 * DAY_S  # A multiple of the job's panes (7 days) and of its ticks (22 h 30 min).
JOB = """
source: {{ type: stdin }}
decode:
  fields:
    partition: project
    id: id
    time: {{ field: time, format: s }}
    key: [project, area]
    values: {{ insertions: insertions }}
dedup: {{ horizon: 60d }}
time: {{ out_of_order: 30d, allowed_lateness: 7d }}
aggregates: {{ count: count, sum: sum(insertions) }}
windows: [ {{ name: weekly, size: 7d }}, {{ name: monthly, type: sliding, size: 28d, every: 7d }} ]
engine: {{ threads: {threads}, seed: 7 }}
"""


class Replay(Case):
    @classmethod
    def setUpClass(cls):
        """The stream as patterns that lack the fold's number (in id and area) and the time."""
        cls.records = []
        with gzip.open(os.path.join(DATA, "commits.ndjson.gz")) as file:
            for line in file:
                try:
                    record = json.loads(line)
                    at = calendar.timegm(time.strptime(record.pop("time"), "%Y-%m-%dT%H:%M:%SZ"))
                    record.update(
                        id=record["id"] + "-FOLD", area=record["area"] + " FOLD", time="TIME"
                    )
                    pattern = (
                        json.dumps(record)
                        .replace("%", "%%")
                        .replace("FOLD", "%d")
                        .replace('"TIME"', "%d")
                    )
                    cls.records.append((pattern.encode() + b"\n", at))
                except (ValueError, KeyError):
                    cls.records.append((b"damaged\n", None))
        times = [at for _, at in cls.records if at is not None]
        span_s = max(times) - min(times) + 100 * DAY_S
        cls.span_s = span_s + -span_s % ALIGNED_S

    def replay(self, folds):
        """The stream `folds` times, each with ids and keys of its own and later than all before."""
        for fold in range(folds):
            shift = fold * self.span_s
            yield b"".join(
                [
                    line % (fold, fold, at + shift) if at is not None else line
                    for line, at in self.records
                ]
            )

    def run_folds(self, folds, threads):
        """The report, and the most memory that the run had."""
        job = self.write("job.yaml", JOB.format(threads=threads))
        run = self.start("run", job, "--json", stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        for fold in self.replay(folds):
            run.process.stdin.write(fold)
        resident = run.resident_bytes_max
        run.process.stdin.close()
        self.assert_done(run.finish())
        return run.report, resident

    def kept(self, report, what):
        return sum(shard[what] for shard in report["shards"])

    def test_ids_keys_and_memory_of_twenty_folds_are_those_of_three(self):
        for threads in (1, 2) if LONG else (2,):
            with self.subTest(threads=threads):
                (two, _), (three, memory_3), (twenty, memory_20) = (
                    self.run_folds(folds, threads) for folds in (2, 3, 20)
                )
                # After the first every fold has the same fate: nothing leaks into the next.
                for verdict in three["ledger"]:
                    a, b, c = (report["ledger"][verdict] for report in (two, three, twenty))
                    self.assertEqual(c, b + 17 * (b - a), verdict)
                self.assertGreater(three["ledger"]["unique"], 290000)
                self.assertEqual(twenty["rows"], three["rows"] + 17 * (three["rows"] - two["rows"]))
                for what in ("live_ids", "keys", "id_bytes", "key_bytes"):
                    b, c = (self.kept(report, what) for report in (three, twenty))
                    # Memory comes in slabs of 16 KiB, and more folds have a higher peak by chance:
                    # eight slabs of each shard. A leak would be seventeen times a fold's growth.
                    chance = 8 * 16384 * threads if what.endswith("bytes") else 0
                    self.assertLessEqual(
                        c, b * 1.1 + chance, f"{what}: {b} after 3 folds, {c} after 20"
                    )
                if not SANITIZED:
                    self.assertLess(memory_20, memory_3 + (4 << 20))


if __name__ == "__main__":
    main()
