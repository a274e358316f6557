"""Access tokens of many people of many organizations, signed by the emulator and kept until they run out."""

import http.client
import json
import time
import urllib.request
import uuid
from concurrent.futures import ThreadPoolExecutor

AUDIENCE = "a0000000-0000-4000-8000-00000000000a"
SECRET = "emulator-secret"
CLIENT = "a0000000-0000-4000-8000-00000000000b"
ORGANIZATIONS = 1_000
LIFETIME = 24 * 3600
NAMESPACE = uuid.UUID("b0000000-0000-4000-8000-000000000000")


def fetch(url):
    with urllib.request.urlopen(url, timeout=10) as answer:
        return json.load(answer)


def metadata(emulator):
    return fetch(f"http://localhost:{emulator}/common/v2.0/.well-known/openid-configuration")


def payload(index, issuer, now, turn=0):
    """The claims of a person as Entra ID gives them; one after the other belongs to another organization. Each turn has
    another token of the same people."""
    organization, person = index % ORGANIZATIONS, index // ORGANIZATIONS
    tenant = str(uuid.uuid5(NAMESPACE, f"organization {organization}"))
    name = f"person{person}@organization{organization}.example"
    return {
        "aud": AUDIENCE, "iss": issuer.replace("{tenantid}", tenant), "tid": tenant,
        "iat": now - 60, "nbf": now - 60, "exp": now + LIFETIME, "ver": "2.0",
        "oid": str(uuid.uuid5(NAMESPACE, f"user {index}")), "sub": str(uuid.uuid5(NAMESPACE, f"subject {index}")),
        "azp": CLIENT, "azpacr": "0", "scp": "access_as_user", "email": name, "preferred_username": name,
        "name": f"Person {person} of Organization {organization}",
        "rh": "1.AXkA" + uuid.uuid5(NAMESPACE, f"rh {index}").hex, "sid": str(uuid.uuid5(NAMESPACE, f"sid {index}")),
        "uti": uuid.uuid5(NAMESPACE, f"uti {index} {turn}").hex[:22],
    }


def mint(emulator, requests):
    """The tokens of some requests to the emulator, over one connection."""
    connection = http.client.HTTPConnection("localhost", emulator, timeout=60)
    for request in requests:
        body = json.dumps(request)
        connection.request("POST", "/emulator/control/tokens", body, {"content-type": "application/json"})
        answer = connection.getresponse()
        text = answer.read()
        assert answer.status == 200, text
        yield json.loads(text)["access_token"]


def write(path, emulator, count, people=None):
    """Writes `count` tokens, one a line: of as many people, or of fewer, who have several. The emulator's keys are
    fixed, so those of an earlier run serve as well."""
    if path.exists() and time.time() - path.stat().st_mtime < LIFETIME / 2:
        with path.open() as lines:
            if sum(1 for _ in lines) == count:
                return False
    print(f"Signing {count:,} tokens; they are kept for half a day.", flush=True)
    issuer, now = metadata(emulator)["issuer"], int(time.time())
    halves = [range(0, count // 2), range(count // 2, count)]
    people, first = people or count, 1 if people else 0
    with ThreadPoolExecutor() as pool:
        raw = lambda i: {"rawPayload": json.dumps(payload(i % people, issuer, now, first + i // people))}
        made = pool.map(lambda half: list(mint(emulator, map(raw, half))), halves)
        path.write_text("".join(f"{token}\n" for half in made for token in half))
    return True


def write_of_directory(path, emulator, count):
    """Writes `count` tokens of a person whom the emulator's directory knows, so that they can be exchanged there."""
    request = {"user": "adele", "expiresIn": LIFETIME}
    path.write_text("".join(f"{token}\n" for token in mint(emulator, [request] * count)))


def administrator(emulator):
    """A token of the first person, as an administrator."""
    claims = payload(0, metadata(emulator)["issuer"], int(time.time())) | {"roles": ["Tenantry.Admin"]}
    return next(mint(emulator, [{"rawPayload": json.dumps(claims)}]))


def write_api_keys(path, server, token, count, scope):
    """Writes `count` API keys of the token's bearer, who makes them now."""
    raw = []
    for number in range(count):
        made = server.post("/api/api-keys", token, {"name": f"bench {number}", "scopes": [scope]})
        raw.append(made["data"]["rawKey"])
    path.write_text("".join(f"{key}\n" for key in raw))


def asked_for_callers(emulator):
    """How often each of the emulator's endpoints was asked, but for those of its keys, which have a timetable."""
    counts = fetch(f"http://localhost:{emulator}/emulator/control/requests")
    return {endpoint: count for endpoint, count in counts.items() if endpoint not in ("all", "keys", "metadata")}
