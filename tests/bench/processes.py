"""Servers as processes on one core, what they cost, and wrk on another."""

import json
import os
import socket
import subprocess
import time
import urllib.request

SERVER_CORE, LOAD_CORE = 0, 1
CONNECTIONS = 32
TICKS = os.sysconf("SC_CLK_TCK")


class Server:
    """A process that answers on a port of 127.0.0.1, pinned to a core; ends with the `with` block."""

    def __init__(self, command, port, path, environment=None, core=SERVER_CORE, log=None):
        environment = {"PATH": os.environ["PATH"], **(environment or {})}
        output = open(log, "w") if log else subprocess.DEVNULL
        self.url = f"http://127.0.0.1:{port}"
        started = time.perf_counter()
        self.process = subprocess.Popen(
            ["taskset", "-c", str(core), *map(str, command)],
            env=environment, stdout=subprocess.DEVNULL, stderr=output)
        self.wait(port, path)
        self.start_ms = (time.perf_counter() - started) * 1000

    def wait(self, port, path):
        """Until the first answer that is 200; asks as often as it can."""
        question = f"GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n".encode()
        for _ in range(200_000):
            if self.process.poll() is not None:
                raise SystemExit(f"{self.process.args} ended with {self.process.returncode}")
            try:
                with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
                    connection.sendall(question)
                    if connection.recv(64).startswith(b"HTTP/1.1 200"):
                        return
            except ConnectionError:
                pass
            time.sleep(0.0002)
        raise SystemExit(f"{self.process.args} does not answer {path} with 200")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(timeout=30)

    def cpu_seconds(self):
        with open(f"/proc/{self.process.pid}/stat") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def resident_mb(self):
        with open(f"/proc/{self.process.pid}/status") as file:
            line = next(line for line in file if line.startswith("VmRSS"))
        return int(line.split()[1]) / 1024

    def get(self, path, token):
        request = urllib.request.Request(self.url + path, headers={"authorization": f"Bearer {token}"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.headers.items(), answer.read().decode()

    def post(self, path, token, body):
        headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
        request = urllib.request.Request(self.url + path, json.dumps(body).encode(), headers)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)


def wrk(server, path, tokens, count, seconds, connections=CONNECTIONS, pause_ms=0, headers=(), core=LOAD_CORE, script=None):
    """Starts wrk; `finish` gives its result."""
    script = script or os.path.join(os.path.dirname(__file__), "load.lua")
    command = ["taskset", "-c", str(core), "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency",
               "-s", script, server.url + path, "--", str(tokens), str(count), str(pause_ms), *headers]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def finish(process):
    output, _ = process.communicate()
    line = next((line for line in output.splitlines() if line.startswith("RESULT ")), None)
    if process.returncode != 0 or line is None:
        raise SystemExit(f"wrk failed:\n{output}")
    return json.loads(line.removeprefix("RESULT "))


def measure(server, path, tokens, count, seconds, may_repeat=True):
    """Requests a second and microseconds of the server's CPU for each; fails on any answer but 200."""
    cpu = server.cpu_seconds()
    result = finish(wrk(server, path, tokens, count, seconds))
    cpu = server.cpu_seconds() - cpu
    if result["refused"] or result["broken"] or not result["requests"]:
        raise SystemExit(f"{path}: answers that are not 200: {result}")
    if not may_repeat and result["requests"] > count:
        raise SystemExit(f"{path}: the tokens ran out; measure for a shorter time")
    result["per_second"] = result["requests"] / (result["microseconds"] / 1e6)
    result["cpu_us"] = cpu * 1e6 / result["requests"]
    return result
