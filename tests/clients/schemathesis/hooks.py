"""What schemathesis cannot know of this API, and one check more."""

import os
import re

import schemathesis

# What valid data is refused for since no schema can say it: rules between values, and between a value and what is
# there.
BEYOND_SCHEMAS = [
    "is not one that this list gave",
    "is either a page, or textStart and textEnd with the start before the end",
    "has a term that does not exist",
    "is not a taxonomy",
    "is not a term of this taxonomy",
    "is not text",
    "has the character U+0000, which cannot be kept",
    # A time that is over, and a key that is none.
    "is not in the future",
    "is neither an EC key of the curve P-256 nor an RSA key",
    "has a member that is missing, not base64url, or of a length that is not the key's",
    "is an RSA key that is not of 2048 to 4096 bits",
    "has a kid that is empty or longer than 200 characters",
    "is not a point on the curve, or no modulus",
    # Lists of texts, each of which has a form of its own.
    "is no name of a resource",
    "is not an address or a network, such as 203.0.113.7, 203.0.113.0/24 or 2001:db8::/32",
    "has bits beyond its prefix; give the network's own address, or the address alone",
    "has one that does not exist, that API keys cannot have, or that you do not have yourself",
    "has one that is no member of your organization, or not you where the role is `user`",
    # A rule is a small language of its own.
    "has no method, or one that is not DELETE, GET, PATCH, POST or PUT",
    "does not begin with /graph/ or /sharepoint/",
    "is too long, has an empty segment or one of dots, an encoded character, or ** that is not its end",
    # A resource is a word, an address or an identifier, and a claims challenge is JSON or its base64.
    "is neither graph, sharepoint, sharepoint:{host} nor the identifier of a resource",
    "is not a claims challenge",
    # A reason or a note of spaces.
    "says nothing",
    # A folder has no content.
    "is not a file",
    # What an id of Microsoft's looks like is Microsoft's to say.
    "Microsoft 365 does not understand it: invalidRequest",
]
# Things of the emulator's directory, named in every other call instead of what a schema made up.
REAL = {
    "userId": os.environ["MEMBER"],
    "organizationId": os.environ["OTHER_ORGANIZATION"],
    "siteId": "contoso.sharepoint.com,c0000000-0000-4000-8000-000000001002,c0000000-0000-4000-8000-000000002002",
    "driveId": "b!AAAAwAAAAECAAAAAAAAQAgAAAMAAAABAgAAAAAAAIAIAAADAAAAAQIAAAAAAADAC",
    "itemId": "01CONTRACTS00000000000000000000000",
}
# Headers of any answer at all, which say nothing about the operation.
ANYWHERE = {
    "cache-control",
    "content-encoding",
    "content-length",
    "content-security-policy",
    "content-type",
    "date",
    "referrer-policy",
    "strict-transport-security",
    "transfer-encoding",
    "vary",
    "x-content-type-options",
    "x-frame-options",
}
ENTITY_TAG = re.compile(r'\*|"[!#-~]*"')


@schemathesis.hook
def before_call(context, case, kwargs):
    """Names something that is there in every other call, and leaves out what was to be a valid tag and is none: the
    coverage phase does not look at the pattern of `If-Match`."""
    # What operators do to an organization is not done to the callers' own, whose id the lists tell.
    named = case.path_parameters or {}
    if named.get("organizationId") == os.environ["ORGANIZATION"]:
        named["organizationId"] = REAL["organizationId"]
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    if "If-Match" in (case.headers or {}) and not ENTITY_TAG.fullmatch(case.headers["If-Match"]):
        del case.headers["If-Match"]
    if named and sum(map(ord, "".join(map(str, named.values())))) % 2 == 0:
        named.update({name: REAL[name] for name in named if name in REAL})


@schemathesis.hook
def filter_failure(context, failure, case, response):
    """Drops the refusals of valid data that are right, and those of a head that is too long: they come before it is known
    which operation is meant."""
    if response.status_code == 431:
        return False
    if type(failure).__name__ != "RejectedPositiveData":
        return True
    # A tag that is not the present one, and a range that this file does not have.
    if response.status_code in (412, 416):
        return False
    details = response.json()["error"].get("details", {}) if response.status_code == 400 else {}
    reasons = [reason for reasons in details.values() for reason in reasons]
    return not reasons or any(reason not in BEYOND_SCHEMAS for reason in reasons)


@schemathesis.check
def headers_are_documented(ctx, response, case):
    """Every header that says something about the operation is described where it comes."""
    responses = case.operation.definition.raw["responses"]
    if str(response.status_code) not in responses:
        return  # Which is a failure of its own, but for 405.
    described = {name.lower() for name in responses[str(response.status_code)].get("headers", {})}
    unknown = sorted(name for name in response.headers if name.lower() not in described | ANYWHERE)
    assert not unknown, f"{response.status_code} has headers that the document does not describe: {unknown}"
