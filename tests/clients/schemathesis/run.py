"""Schemathesis over the whole API, with the token of an administrator and a fixed seed. A line for each operation."""

import json
import os
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

API = os.environ["API"]
HERE = Path(__file__).parent
# Operations that are not called, each with its reason; ids that a schema cannot know are given by hooks.py.
EXCLUDED = {
    # A refresh token is good once: of any two calls one would end the session of the other, and be right. All manners
    # of refreshing are in tests/it/identity/refresh.rs.
    "/api/auth/refresh",
}


def ask(url, body=None, **headers):
    request = urllib.request.Request(url, body and json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=20) as response:
        return json.load(response)


def token(user):
    url = f"{os.environ['ENTRA_HTTP']}/emulator/control/tokens"
    return ask(url, {"user": user}, **{"content-type": "application/json"})["access_token"]


def me(token):
    return ask(f"{API}/api/auth/me", authorization=f"Bearer {token}")["data"]


def key(token):
    body = {"name": "schemathesis", "scopes": ["connections:read", "proxy:graph", "proxy:sharepoint", "tokens:read"]}
    headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
    return ask(f"{API}/api/api-keys", body, **headers)["data"]["rawKey"]


administrator = token("adele")
organization = me(administrator)["organization"]["id"]
environment = {
    **os.environ,
    "TOKEN": administrator,
    "KEY": key(administrator),
    "MEMBER": me(token("alex"))["id"],
    "ORGANIZATION": organization,
    "OTHER_ORGANIZATION": me(token("megan"))["organization"]["id"],
    "SCHEMATHESIS_HOOKS": str(HERE / "hooks.py"),
}
with tempfile.TemporaryDirectory() as folder:
    report = Path(folder) / "report.json"
    command = [sys.executable, "-m", "schemathesis.cli"]
    command += ["--config-file", HERE / "schemathesis.toml", "run", f"{API}/openapi.json", "--no-color"]
    for path in EXCLUDED:
        command += ["--exclude-path", path]
    command += ["--report", "json", "--report-json-path", report]
    # Nine minutes at the most; it takes one or two where nothing else runs.
    run = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, timeout=540)
    result = json.loads(report.read_text()) if report.exists() else {"failures": []}

failed = {operation for failure in result["failures"] for operation in failure["operations"]}
document = ask(f"{API}/openapi.json")
for path, item in document["paths"].items():
    if path in EXCLUDED:
        continue
    for operation in (f"{method.upper()} {path}" for method in item):
        print(f"{'not ok' if operation in failed else 'ok'} - schemathesis: {operation}")
if run.returncode != 0:
    print("not ok - schemathesis found something" if not failed else "", run.stdout[-20_000:], run.stderr, sep="\n")
else:
    print(f"{result['test_cases']['generated']} requests")
sys.exit(run.returncode)
