#!/usr/bin/env python3
"""Random jobs and small streams through the program, against tests/kit/oracle.py."""
import json
import os
import random

from trommel_program import LONG, Case, main, oracle, settings

JOBS = 400 if LONG else 20
SEED = int(os.environ.get("TROMMEL_TEST_SEED", random.randrange(10**6)))


def random_spec(rng):
    """A valid job: durations in seconds."""
    spec = {
        "key": rng.sample(["a", "b", "n:int"], rng.randint(0, 3)),
        "values": rng.sample(["v", "w"], rng.randint(0, 2)),
        "scope": rng.choice(["global", "key"]),
        "partition": rng.random() < 0.6,
        "offset": rng.choice([0, 0, 7, 3600]),
        "horizon": None,
        "disorder": None,
        "lateness": 0,
        "drift": None,
    }
    if not spec["key"]:
        spec["scope"] = "global"
    if rng.random() < 0.3:
        spec["windows"] = [("session", rng.choice([1, 30, 600]))]
    else:
        spec["windows"] = []
    for _ in range(rng.randint(0 if spec["windows"] else 1, 3)):
        slide = rng.choice([10, 60, 90])
        spec["windows"].append(
            ("tumbling", slide * rng.randint(1, 6))
            if rng.random() < 0.5
            else ("sliding", slide * rng.randint(2, 6), slide)
        )
    if rng.random() < 0.8:
        spec["disorder"] = rng.choice([0, 5, 60, 600])
        spec["lateness"] = rng.choice([0, 0, 15, 120])
        if rng.random() < 0.8:
            spec["horizon"] = spec["disorder"] + spec["lateness"] + 600 + rng.choice([0, 1, 1000])
            if rng.random() < 0.3:
                spec["drift"] = spec["horizon"] * rng.randint(1, 5)
    return spec


def random_lines(rng, spec):
    """Lines with copies, disorder, jumps in time and damage; and the partitions' own clocks."""
    clock, lines = [0] * 4, []
    for number in range(rng.choice([0, 1, 50, 300, 3000])):
        part = rng.randrange(4)
        clock[part] += (
            rng.choice([0, 1, 1, 5, 20]) if rng.random() < 0.995 else rng.choice([500, 5000])
        )
        at = (
            1_767_225_600_000
            + 1000 * (clock[part] - rng.choice([0, 0, 1, 10, 100, 1000]))
            + rng.randrange(1000)
        )
        day, second = divmod(at // 1000 - 1_767_225_600, 86400)
        stamp = (
            f"2026-01-{1 + day:02d}T"
            if 0 <= day < 31
            else f"2025-12-{32 + day:02d}T"
            if -31 <= day < 0
            else "bad"
        )
        stamp += f"{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}.{at % 1000:03d}Z"
        record = {
            "id": f"id-{rng.randrange(1 + number):d}",
            "time": stamp,
            "p": f"p{part}",
            "a": rng.choice("xyzß"),
            "b": rng.choice(["", "q,", '"']),
            "n": rng.randint(-3, 3),
            "v": rng.randint(-(2**63), 2**63 - 1),
            "w": rng.randint(-9, 9),
        }
        line = json.dumps(record, ensure_ascii=rng.random() < 0.5)
        if rng.random() < 0.02:
            line = rng.choice(
                [
                    line[: rng.randrange(len(line))],
                    line.replace('"id"', '"ID"'),
                    line + "}",
                    "",
                    " ",
                    line.replace('"n": ', '"n": 0'),
                    line.replace('"v": ', '"v": 1.5'),
                ]
            )
        lines.append(line.encode() + rng.choice([b"\n", b"\n", b"\n", b"\r\n"]))
    return b"".join(lines)


def oracle_words(spec):
    words = [
        "--key",
        ",".join(spec["key"]),
        "--value",
        ",".join(spec["values"]),
        "--scope",
        spec["scope"],
        "--lateness",
        f"{spec['lateness']}s",
        "--offset",
        f"{spec['offset']}s",
        "--ends",
    ]
    words += ["--partition", "p"] if spec["partition"] else []
    words += ["--horizon", f"{spec['horizon']}s"] if spec["horizon"] else []
    words += ["--out-of-order", f"{spec['disorder']}s"] if spec["disorder"] is not None else []
    words += ["--max-drift", f"{spec['drift']}s"] if spec["drift"] else []
    for number, (kind, *times) in enumerate(spec["windows"]):
        words += ["--window", f"w{number}={kind}:" + "/".join(f"{t}s" for t in times)]
    return words


def job(spec, path, rng, output):
    """The same as a job file. JSON is YAML."""
    key = [{"field": k[:-4], "type": "int"} if k.endswith(":int") else k for k in spec["key"]]
    fields = {"id": "id", "time": "time", "key": key, "values": {v: v for v in spec["values"]}}
    if spec["partition"]:
        fields["partition"] = "p"
    sizes = {"tumbling": ("size",), "sliding": ("size", "every"), "session": ("gap",)}
    return json.dumps(
        {
            "source": {"type": "file", "path": path},
            "decode": {"fields": fields},
            "dedup": {
                "scope": spec["scope"],
                "horizon": f"{spec['horizon']}s" if spec["horizon"] else "forever",
            },
            "time": (
                {"out_of_order": f"{spec['disorder']}s"} if spec["disorder"] is not None else {}
            )
            | {"allowed_lateness": f"{spec['lateness']}s"}
            | ({"max_drift": f"{spec['drift']}s"} if spec["drift"] else {}),
            "aggregates": {"count": "count"}
            | {
                f"{f}_{v}": f"{f}({v})"
                for v in spec["values"]
                for f in ("sum", "min", "max", "first", "last")
            },
            "window_offset": f"{spec['offset']}s",
            "windows": [
                {"name": f"w{n}", "type": kind, **dict(zip(sizes[kind], (f"{t}s" for t in times)))}
                for n, (kind, *times) in enumerate(spec["windows"])
            ],
            "sinks": [{"type": "stdout", "output": output}],
            "engine": {
                "threads": rng.choice([1, 2, 3, 8]),
                "batch_records": rng.choice([1, 3, 64, 4096]),
                "memory": "256MiB",
            },
        }
    )


class RandomJobs(Case):
    def test_random_jobs_agree_with_the_oracle(self):
        seen = {"unique": 0, "duplicate": 0, "late": 0, "corrupt": 0}
        for seed in range(SEED, SEED + JOBS):
            with self.subTest(f"TROMMEL_TEST_SEED={seed}"):
                rng = random.Random(seed)
                spec = random_spec(rng)
                events = self.write("events.ndjson", random_lines(rng, spec))
                rows, ledger = oracle(
                    events, *oracle_words(spec), "--unique", self.path("unique.ndjson")
                )
                for output, want in (("windows", rows), ("unique", self.read("unique.ndjson"))):
                    run = self.run_to_end(
                        "run", self.write("job.yaml", job(spec, events, rng, output))
                    )
                    self.assert_done(run, want)
                    self.assertEqual({name: run.ledger[name] for name in ledger}, ledger)
                for verdict in seen:
                    seen[verdict] += ledger[verdict]
        self.assertGreater(min(seen.values()), 0, seen)  # Else the streams are too tame.


if __name__ == "__main__":
    main()
