"""The subjects of the newest messages of a connected account, with the standard library alone.

TENANTRY is the service's address, API_KEY an API key with tokens:read, CONNECTION the id of a connection that it sees.
"""

import json
import os
import urllib.request

TENANTRY, KEY, CONNECTION = (os.environ[name] for name in ("TENANTRY", "API_KEY", "CONNECTION"))
GRAPH = os.environ.get("GRAPH", "https://graph.microsoft.com")


def get(url, authorization):
    request = urllib.request.Request(url, headers={"Authorization": authorization})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def access_token(resource="graph"):
    """A token that lasts at least five minutes. Ask for each piece of work; the hub keeps it fresh."""
    url = f"{TENANTRY}/api/connections/{CONNECTION}/token?resource={resource}"
    return get(url, f"ApiKey {KEY}")["data"]["accessToken"]


if __name__ == "__main__":
    me = get(f"{GRAPH}/v1.0/me", f"Bearer {access_token()}")
    print(me["userPrincipalName"])
