#!/usr/bin/env python3
"""Measures the speed of the service as ratios to two other servers, in one run: `make bench`.

docs/performance.md explains the rows. The servers have one core, wrk has another.
"""

import argparse
import contextlib
import json
import os
import pathlib
import platform
import shutil
import statistics
import subprocess

import account
import tokens
from processes import CONNECTIONS, Server, measure

ME, DELEGATION = "/api/auth/me", "/api/auth/me/delegation"
EMULATOR_HTTP, EMULATOR_HTTPS, EMULATOR_CONTENT = range(4907, 4910)
TENANTRY, FRESH, HELLO, BARE, PLAIN, PLAIN_FRESH = range(4912, 4918)
ALL, HOT, AGAIN, KEYS = 50_000, 1_000, 40_000, 100

# Judged by processor time: the load generator is the slower of the two, or does not matter.
BY_CPU = {("API key", "plain"), ("compatible hand-out, hot", "plain"),
          ("first sight of a token", "first sight of a token, remembering none")}
# row: what, measured against, aim, and what would be rejected
AIMS = {
    "/me, 1 token": [("hello", 0.85, 0.60), ("plain", 11, 6)],
    "/me, 1,000 tokens": [("hello", 0.85, 0.60), ("plain", 11, 6)],
    "/me, 50,000 tokens": [("hello", 0.85, 0.60), ("plain", 11, 6)],
    "on-behalf-of token, hot": [("hello", 0.7, 0.5)],
    "first sight of a token": [("plain", 3, 1), ("first sight of a token, remembering none", 1 / 1.05, 1 / 1.05)],
    "first sight of a token, user not in memory": [("plain", 3, 1)],
    "API key": [("plain", 3.5, 1)],
    "native hand-out, hot": [("/healthz", 0.5, 0.5)],
    "compatible hand-out, hot": [("plain", 3.5, 1)],
    "first sight of a user": [("plain, first sight of a user", 1.5, 1)],
}
# thing: unit, aim, and what would be rejected; less is better
LIMITS = {
    "memory, idle": ("MB", 15, 40),
    "memory, 50,000 tokens remembered": ("MB", 50, 120),
    "cold start to the first 200": ("ms", 15, 100),
}


class Bench:
    def __init__(self, arguments):
        self.bin, self.keep, self.seconds = arguments.bin.resolve(), arguments.data.resolve(), arguments.seconds
        self.keep.mkdir(parents=True, exist_ok=True)
        self.tokens, self.jwks, self.answer = self.keep / "tokens", self.keep / "jwks.json", self.keep / "answer.json"
        self.delegated, self.again = self.keep / "delegated-tokens", self.keep / "tokens-again"
        self.keys, self.automations = self.keep / "api-keys", self.keep / "api-keys-of-automations"
        self.rounds, self.sizes = [], {name: [] for name in LIMITS}
        self.extra = dict(setting.split("=", 1) for setting in arguments.set)

    def emulator(self):
        data = self.keep / "emulator"
        command = [self.bin / "entra-emulator", "--http-port", EMULATOR_HTTP, "--https-port", EMULATOR_HTTPS,
                   "--content-port", EMULATOR_CONTENT, "--data-dir", data]
        # On both cores: it signs before anything is measured, and is asked for its keys once afterwards.
        return Server(command, EMULATOR_HTTP, "/common/v2.0/.well-known/openid-configuration", core="0,1")

    def tenantry(self, port, database, settings=None):
        environment = {
            "PORT": str(port), "DATABASE_URL": f"sqlite://{database}", "TENANT_POLICY": "open",
            "AZURE_AUTHORITY_HOST": f"http://localhost:{EMULATOR_HTTP}", "AZURE_TENANT_ID": "common",
            "AZURE_CLIENT_ID": tokens.AUDIENCE, "AZURE_CLIENT_SECRET": tokens.SECRET, "METRICS_PORT": str(port + 100),
            "GRAPH_URL": f"http://localhost:{EMULATOR_HTTP}", "MS_GRAPH_SCOPES": "User.Read,Sites.Read.All",
            "MS_SHAREPOINT_SCOPES": "AllSites.Read",
            # Limits count each request, but stop nobody.
            **{f"RATE_LIMIT_{of}": "1000000000/10s" for of in ("ADDRESS", "PRINCIPAL", "ORGANIZATION")},
            **(settings or {}), **self.extra,
        }
        return Server([self.bin / "tenantry", "serve"], port, "/healthz", environment, log=self.keep / "log")

    def hello(self, port, answer):
        return Server([self.bin / "examples" / "hello", port, answer], port, ME)

    def plain(self, port, database):
        issuer = tokens.metadata(EMULATOR_HTTP)["issuer"]
        command = [self.bin / "plain", port, self.jwks, issuer, tokens.AUDIENCE, database]
        return Server(command, port, "/healthz")

    def database(self, name):
        """A path for an SQLite file that is not there."""
        for suffix in ("", "-wal", "-shm", ".key"):
            (self.keep / f"{name}{suffix}").unlink(missing_ok=True)
        return self.keep / name

    def prepare(self):
        """Tokens, the keys that they are signed with, and a database that knows everybody."""
        signed = tokens.write(self.tokens, EMULATOR_HTTP, ALL)
        self.jwks.write_text(json.dumps(tokens.fetch(tokens.metadata(EMULATOR_HTTP)["jwks_uri"])))
        self.known = self.keep / "known.db"
        if signed or not (self.keep / "complete").exists():
            (self.keep / "complete").unlink(missing_ok=True)
            print(f"Making {ALL:,} users of {tokens.ORGANIZATIONS:,} organizations.", flush=True)
            with self.tenantry(TENANTRY, self.database("known.db")) as service:
                self.fill(service, ALL)
            with self.plain(PLAIN, self.database("plain-known.db")) as plain:
                self.fill(plain, HOT)
            (self.keep / "complete").touch()
        tokens.write_of_directory(self.delegated, EMULATOR_HTTP, HOT)
        tokens.write(self.again, EMULATOR_HTTP, AGAIN, people=HOT)
        first = self.tokens.open().readline().strip()
        with self.tenantry(TENANTRY, self.known) as service:
            headers, body = service.get(ME, first)
        ours = {"content-length", "date", "connection", "transfer-encoding"}
        headers = [[name, value] for name, value in headers if name.lower() not in ours]
        self.answer.write_text(json.dumps({"headers": headers, "body": body}))
        (self.keep / "bare.json").write_text(json.dumps({"headers": headers[:1], "body": body}))

    def fill(self, server, count):
        """Until every token was seen: wrk begins with the first each time, and gets further."""
        while measure(server, ME, self.tokens, count, 5)["requests"] < count + CONNECTIONS:
            pass

    def hot(self, service, path, credentials, count):
        """Microsoft's tokens are there already: the emulator is asked nothing while it is measured."""
        for credential in credentials.read_text().split():
            service.get(path, credential)
        before = tokens.asked_for_callers(EMULATOR_HTTP)
        measured = measure(service, path, credentials, count, self.seconds)
        asked = tokens.asked_for_callers(EMULATOR_HTTP)
        if asked != before:
            raise SystemExit(f"{path}: the emulator was asked, so the tokens were not hot: {before}, {asked}")
        return measured

    def round(self):
        """Every row once, those that are compared close together."""
        row = {}

        def take(name, server, path=ME, count=1, seconds=self.seconds, may_repeat=True, of=self.tokens):
            row[name] = measure(server, path, of, count, seconds, may_repeat)

        # In a process that has seen nothing else, so that it remembers just these.
        with self.tenantry(TENANTRY, self.known) as service:
            self.sizes["cold start to the first 200"].append(service.start_ms)
            self.sizes["memory, idle"].append(service.resident_mb())
            self.fill(service, ALL)
            self.sizes["memory, 50,000 tokens remembered"].append(service.resident_mb())
        with contextlib.ExitStack() as stack:
            start = stack.enter_context
            service = start(self.tenantry(TENANTRY, self.known))
            hello, bare = start(self.hello(HELLO, self.answer)), start(self.hello(BARE, self.keep / "bare.json"))
            plain = start(self.plain(PLAIN, self.keep / "plain-known.db"))
            take("first sight of a token, user not in memory", service, count=ALL, seconds=1, may_repeat=False)
            take("plain", plain, count=HOT)
            self.fill(service, HOT)
            take("first sight of a token", service, count=AGAIN, seconds=1, may_repeat=False, of=self.again)
            self.fill(service, ALL)
            take("hello", hello)
            take("/me, 1 token", service)
            take("/me, 1,000 tokens", service, count=HOT)
            take("/me, 50,000 tokens", service, count=ALL)
            row["on-behalf-of token, hot"] = self.hot(service, DELEGATION, self.delegated, HOT)
            tokens.write_api_keys(self.keys, service, tokens.administrator(EMULATOR_HTTP), KEYS, "annotations:read")
            take("API key", service, count=KEYS, of=self.keys)
            take("hello, body only", bare)
            take("/healthz", service, path="/healthz")
            connection = account.connect(TENANTRY, EMULATOR_HTTP, "adele@contoso.com")
            adele = self.delegated.read_text().split()[0]
            tokens.write_api_keys(self.automations, service, adele, KEYS, "tokens:read")
            native = f"/api/connections/{connection}/token"
            row["native hand-out, hot"] = self.hot(service, native, self.automations, KEYS)
            compatible = f"/api/external/tokens?accountId={connection}"
            row["compatible hand-out, hot"] = self.hot(service, compatible, self.automations, KEYS)
        with self.tenantry(TENANTRY, self.known, {"TOKEN_MEMORY_MB": "0"}) as service:
            self.fill(service, HOT)
            take("first sight of a token, remembering none", service, count=AGAIN, seconds=1, of=self.again)
        with self.tenantry(FRESH, self.database("fresh.db")) as service:
            take("first sight of a user", service, count=ALL, may_repeat=False)
        with self.plain(PLAIN_FRESH, self.database("plain-fresh.db")) as plain:
            take("plain, first sight of a user", plain, count=ALL, may_repeat=False)
        self.rounds.append(row)

    def ratios(self, row, base, of="per_second"):
        """How many times as fast as the base, in each round."""
        if of == "cpu_us":
            return [round[base][of] / round[row][of] for round in self.rounds]
        return [round[row][of] / round[base][of] for round in self.rounds]

    def table(self):
        lines = ["| | requests/s | CPU, µs | p50, µs | p99, µs | ratio | by CPU | aim | |",
                 "|---|--:|--:|--:|--:|--:|--:|--:|---|"]
        for row in self.rounds[0]:
            per_second, cpu, p50, p99 = (
                statistics.median(round[row][of] for round in self.rounds)
                for of in ("per_second", "cpu_us", "p50", "p99"))
            cells = f"| {row} | {per_second:,.0f} | {cpu:.1f} | {p50:,.0f} | {p99:,.0f} |"
            for base, aim, reject in AIMS.get(row, [("hello", None, None)]):
                found, by_cpu = (self.ratios(row, base, of) for of in ("per_second", "cpu_us"))
                ratio = statistics.median(found)
                spread = f"{ratio:.2f} ({min(found):.2f}–{max(found):.2f}) × {base}"
                judged = statistics.median(by_cpu) if (row, base) in BY_CPU else ratio
                verdict = "" if aim is None else judge(judged >= aim, judged >= reject)
                lines.append(f"{cells} {spread} | {statistics.median(by_cpu):.2f} | {aim and round(aim, 2) or ''} | {verdict} |")
                cells = "| | | | | |"
        lines += ["", "| | | aim | |", "|---|--:|--:|---|"]
        for name, (unit, aim, reject) in LIMITS.items():
            size = statistics.median(self.sizes[name])
            verdict = judge(size <= aim, size <= reject)
            lines.append(f"| {name} | {size:.1f} {unit} | {aim} {unit} | {verdict} |")
        return "\n".join(lines)


def judge(is_met, is_enough):
    return "met" if is_met else "missed" if is_enough else "**rejected**"


def machine():
    with open("/proc/cpuinfo") as file:
        model = next((line.split(":")[1].strip() for line in file if line.startswith("model name")), "?")
    commit = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True).stdout.strip()
    return f"{model}, {os.cpu_count()} cores, {platform.system()} {platform.release()}; commit {commit}"


def arguments(parser):
    parser.add_argument("--bin", type=pathlib.Path, required=True, help="where the release build is")
    parser.add_argument("--data", type=pathlib.Path, required=True, help="where tokens, databases and the table are kept")
    parser.add_argument("--seconds", type=int, default=2, help="of each row in each round")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a setting of the service")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    arguments(parser)
    given = parser.parse_args()
    if (os.cpu_count() or 1) < 2 or not (shutil.which("wrk") and shutil.which("taskset")):
        raise SystemExit("It takes two cores, taskset (util-linux) and wrk: apt-get install wrk")
    bench = Bench(given)
    with bench.emulator():
        bench.prepare()
        for number in range(given.rounds):
            print(f"Round {number + 1} of {given.rounds}.", flush=True)
            bench.round()
    settings = "".join(f"; {setting}" for setting in given.set)
    head = f"{machine()}; {given.rounds} rounds of {given.seconds} s{settings}"
    table = f"{head}\n\n{bench.table()}\n"
    (bench.keep / "table.md").write_text(table)
    print(f"\n{table}\nWritten to {bench.keep / 'table.md'}.")


if __name__ == "__main__":
    main()
