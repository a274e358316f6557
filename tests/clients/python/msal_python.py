"""MSAL for Python, unmodified: told the authority, and the emulator's certificate authority."""

import base64
import html
import json
import os
import re
import sys
import traceback
from pathlib import Path

import msal
import requests

ENTRA = os.environ["ENTRA"]
CONTROL = os.environ["ENTRA_HTTP"] + "/emulator/control"
API = os.environ["API"]
KEYS = Path(os.environ["CLIENT_KEYS"])
CA = os.environ["REQUESTS_CA_BUNDLE"]

CONTOSO = "c0000000-0000-4000-8000-000000000001"
ALEX = "c0000000-0000-4000-8000-000000000102"
WEB = "a0000000-0000-4000-8000-00000000000a"
CLI = "a0000000-0000-4000-8000-00000000000c"
STRANGER = "a0000000-0000-4000-8000-0000000000ff"
SCOPE = f"api://{WEB}/access_as_user"
CALLBACK = "http://localhost:4000/api/oauth/microsoft/callback"
OWN = [f"api://{WEB}/.default"]

failed = 0


def check(function):
    """Runs one check at once, named by its docstring; those after it run whatever comes of it."""
    global failed
    try:
        function()
        print(f"ok - msal-python: {function.__doc__}", flush=True)
    except Exception:
        failed += 1
        print(f"not ok - msal-python: {function.__doc__}\n{traceback.format_exc()}", flush=True)


def control(path, body=None, method="POST"):
    response = requests.request(method, CONTROL + path, json=body, timeout=20)
    assert response.ok, response.text
    return response.json()


def claims(token):
    payload = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


def whoami(token):
    headers = {"authorization": f"Bearer {token}"}
    return requests.get(f"{API}/api/auth/me", headers=headers, timeout=20).status_code


def confidential(credential="emulator-secret", client=WEB):
    return msal.ConfidentialClientApplication(
        client,
        authority=f"{ENTRA}/{CONTOSO}",
        client_credential=credential,
        instance_discovery=False,
        verify=CA,
    )


def sign_in(url, user, user_code=""):
    """Fills in the pages; gives the address that is led back to, or the last page."""
    browser = requests.Session()
    browser.verify = CA
    given = {
        "account": {"username": user},
        "password": {"password": "emulator"},
        "mfa": {"code": "123456"},
        "consent": {"consent": "accept"},
        "device": {"user_code": user_code},
    }
    page = browser.get(url, allow_redirects=False, timeout=20)
    for _ in range(10):
        if page.status_code == 302:
            return page.headers["location"]
        if "<form" not in page.text:
            return page.text
        assert page.status_code == 200, page.text
        hidden = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', page.text)
        form = {name: html.unescape(value) for name, value in hidden}
        form.update(given[form["step"]])
        page = browser.post(f"{ENTRA}/emulator/sign-in", data=form, allow_redirects=False, timeout=20)
    raise AssertionError("the sign-in does not end")


def by_code(client, user, scopes, **more):
    flow = client.initiate_auth_code_flow(scopes, redirect_uri=CALLBACK, **more)
    back = sign_in(flow["auth_uri"], user)
    query = requests.compat.urlsplit(back).query
    answer = dict(pair.split("=", 1) for pair in query.split("&"))
    answer = {name: requests.compat.unquote_plus(value) for name, value in answer.items()}
    result = client.acquire_token_by_auth_code_flow(flow, answer)
    assert "access_token" in result, result
    return result


control("/reset", {})
control("/apps/Tenantry", {"certificates": [(KEYS / "client.pem").read_text()]})
client = confidential()


@check
def by_secret():
    """client credentials by secret, and again from the cache"""
    app = confidential()
    first = app.acquire_token_for_client(OWN)
    assert claims(first["access_token"])["azpacr"] == "1", first
    assert app.acquire_token_for_client(OWN)["token_source"] == "cache"
    assert confidential("wrong").acquire_token_for_client(OWN)["error"] == "invalid_client"


@check
def by_certificate():
    """client credentials by certificate, PEM and PFX"""
    pem = {
        "private_key": (KEYS / "client-key.pem").read_text(),
        "thumbprint": (KEYS / "client.thumbprint").read_text().strip(),
    }
    pfx = {"private_key_pfx_path": str(KEYS / "client.pfx"), "passphrase": "emulator"}
    for credential in (pem, pfx):
        result = confidential(credential).acquire_token_for_client(OWN)
        assert "access_token" in result, result
        assert claims(result["access_token"])["azpacr"] == "2"


@check
def by_code_and_pkce():
    """code and PKCE, which makes an account"""
    result = by_code(client, "alex@contoso.com", [SCOPE])
    assert result["id_token_claims"]["oid"] == ALEX
    [account] = client.get_accounts()
    assert account["home_account_id"] == f"{ALEX}.{CONTOSO}"
    assert account["username"] == "alex@contoso.com"
    assert whoami(result["access_token"]) == 200
    assert whoami(result["id_token"]) == 401
    foreign = confidential("stranger-secret", STRANGER).acquire_token_for_client([f"api://{STRANGER}/.default"])
    assert whoami(foreign["access_token"]) == 401


@check
def silently():
    """silently from the cache, by refresh token, and for another resource"""
    [account] = client.get_accounts()
    assert client.acquire_token_silent([SCOPE], account)["token_source"] == "cache"
    renewed = client.acquire_token_silent([SCOPE], account, force_refresh=True)
    assert renewed["token_source"] == "identity_provider", renewed
    graph = client.acquire_token_silent(["User.Read"], account)
    assert claims(graph["access_token"])["aud"] == "https://graph.microsoft.com"


@check
def by_device_code():
    """device code"""
    app = msal.PublicClientApplication(
        CLI, authority=f"{ENTRA}/{CONTOSO}", instance_discovery=False, verify=CA
    )
    flow = app.initiate_device_flow([SCOPE])
    assert "You have signed in" in sign_in(flow["verification_uri"], "alex@contoso.com", flow["user_code"])
    result = app.acquire_token_by_device_flow(flow)
    assert claims(result["access_token"])["oid"] == ALEX, result
    assert app.get_accounts()


@check
def on_behalf_of():
    """on behalf of"""
    [account] = client.get_accounts()
    caller = client.acquire_token_silent([SCOPE], account)["access_token"]
    result = client.acquire_token_on_behalf_of(caller, ["https://graph.microsoft.com/User.Read"])
    assert claims(result["access_token"])["oid"] == ALEX, result


@check
def challenged():
    """a challenge is met by a second factor"""
    control("/policies", {"require": "mfa", "resource": "Microsoft Graph"})
    [account] = client.get_accounts()
    result = client.acquire_token_silent_with_error(["User.Read"], account, force_refresh=True)
    assert result["suberror"] == "basic_action", result
    again = by_code(client, "alex@contoso.com", ["User.Read"], claims_challenge=result["claims"])
    assert claims(again["access_token"])["amr"] == ["pwd", "mfa"]
    [account] = client.get_accounts()
    assert "access_token" in client.acquire_token_silent(["User.Read"], account, force_refresh=True)
    control("/policies", method="DELETE")


@check
def forgotten():
    """a removed account is gone"""
    [account] = client.get_accounts()
    client.remove_account(account)
    assert not client.get_accounts()


sys.exit(1 if failed else 0)
