#!/usr/bin/env python3
"""What others feel of `/me` while somebody abuses the service, and what it takes of memory: `make abuse`.

The callers whose answers are timed ask at an even pace, from addresses of their own; so do those who flood, who have
the default limit of an address. docs/performance.md explains the rows.
"""

import argparse
import base64
import json
import pathlib
import random
import selectors
import socket
import statistics
import threading
import time

import processes
import run
import tokens

SLOW_CLIENTS = 1_000
VICTIMS, PAUSE_MS = 8, 10
VICTIM, FLOOD = "x-forwarded-for: 198.51.100.7", "x-forwarded-for: 203.0.113.9"


def slow_clients(port, over):
    """A thousand connections that each send a byte of a head a second, and connect again when they are cut."""
    selector, open_now = selectors.DefaultSelector(), set()

    def connect():
        # From an address of their own, which may have as many connections.
        connection = socket.create_connection(("127.0.0.1", port), timeout=5, source_address=("127.0.0.2", 0))
        connection.setblocking(False)
        connection.send(b"GET /api/auth/me HTTP/1.1\r\nhost: 127.0.0.1\r\nx-slow: ")
        selector.register(connection, selectors.EVENT_READ)
        open_now.add(connection)

    def end(connection):
        selector.unregister(connection)
        open_now.discard(connection)
        connection.close()

    while not over.is_set():
        while len(open_now) < SLOW_CLIENTS:
            connect()
        for key, _ in selector.select(timeout=0):
            end(key.fileobj)
        for connection in list(open_now):
            try:
                connection.send(b"x")
            except OSError:
                end(connection)
        over.wait(1)
    for connection in list(open_now):
        end(connection)


def oversized(port, over):
    """Heads of 64 KiB and bodies that say they have 1 GiB and send what they can, one after the other."""
    heads = [b"GET /api/auth/me HTTP/1.1\r\nhost: 127.0.0.1\r\nx-large: " + b"x" * 65_536 + b"\r\n\r\n",
             b"POST /api/annotations HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
             b"content-length: 1073741824\r\n\r\n" + b"[" * 65_536,
             b"POST /api/annotations HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
             b"transfer-encoding: chunked\r\n\r\n" + b"10000\r\n" + b"[" * 65_536 + b"\r\n"]
    while not over.is_set():
        for head in heads:
            try:
                with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
                    connection.sendall(head)
                    connection.recv(1024)
            except OSError:
                pass


def wrong_tokens(path, some_token, count=20_000):
    """Tokens in form, half of them with a key id that nobody has and half with a signature that is none."""
    header, payload, signature = some_token.split(".")
    source = random.Random(1)

    def part(value):
        return base64.urlsafe_b64encode(value).rstrip(b"=").decode()

    with path.open("w") as file:
        for _ in range(count // 2):
            kid = part(source.randbytes(20))
            head = part(json.dumps({"typ": "JWT", "alg": "RS256", "kid": kid}).encode())
            file.write(f"{head}.{payload}.{signature}\n{header}.{payload}.{part(source.randbytes(256))}\n")


class Abuse(run.Bench):
    def service(self):
        # Everybody comes through one proxy, so that addresses can be made up.
        self.extra = {"TRUSTED_PROXIES": "127.0.0.1", "RATE_LIMIT_ADDRESS": "20000/10s", "LOG_LEVEL": "info",
                      **self.extra}
        return self.tenantry(run.TENANTRY, self.known)

    def victims(self, server):
        """Milliseconds of p50 and p99 of callers with known tokens; every answer must be 200."""
        result = processes.finish(processes.wrk(
            server, run.ME, self.tokens, run.HOT, self.seconds, VICTIMS, PAUSE_MS, [VICTIM]))
        if result["refused"] or result["broken"]:
            raise SystemExit(f"others were refused: {result}")
        return result["p50"] / 1000, result["p99"] / 1000

    def flood(self, server, pause_ms, connections=32):
        return processes.wrk(server, run.ME, self.wrong, 20_000, self.seconds + 1, connections, pause_ms, [FLOOD])

    def rows(self):
        self.wrong = self.keep / "wrong-tokens"
        wrong_tokens(self.wrong, self.tokens.open().readline().strip())
        rows = []
        with self.service() as server:
            self.victims(server)
            idle = statistics.median(self.victims(server)[1] for _ in range(3))

            def row(name, begin):
                end = begin()
                time.sleep(1)
                p50, p99 = self.victims(server)
                memory = server.resident_mb()
                end()
                after = self.victims(server)[1]
                rows.append(f"| {name} | {p50:.2f} | {p99:.2f} | {p99 / idle:.1f} | {after:.2f} | {memory:.0f} |")

            def thread(target, count=1):
                def begin():
                    over = threading.Event()
                    threads = [threading.Thread(target=target, args=(run.TENANTRY, over)) for _ in range(count)]
                    for each in threads:
                        each.start()

                    def end():
                        over.set()
                        for each in threads:
                            each.join()
                    return end
                return begin

            def flood(pause_ms, connections):
                def begin():
                    process = self.flood(server, pause_ms, connections)
                    return lambda: process.communicate()
                return begin

            row("nobody else", lambda: lambda: None)
            row("1,000 slow clients", thread(slow_clients))
            row("oversized heads and bodies", thread(oversized))
            row("random tokens and key ids, 3,200/s", flood(10, 32))
            row("random tokens and key ids, as fast as 32 connections can", flood(0, 32))
        head = "| while | p50, ms | p99, ms | × idle | p99 afterwards | memory, MB |\n|---|--:|--:|--:|--:|--:|\n"
        return head + "\n".join(rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    run.arguments(parser)
    abuse = Abuse(parser.parse_args())
    with abuse.emulator():
        abuse.prepare()
        table = f"{run.machine()}\n\n{abuse.rows()}\n"
    (abuse.keep / "abuse.md").write_text(table)
    print(f"\n{table}")


if __name__ == "__main__":
    main()
