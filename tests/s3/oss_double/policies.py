"""Bucket policies: who may do what besides those who have rights of their own."""
import fnmatch
import json
import re

from .answer import Answer
from .errors import OssError
from .identities import OWNER

_FIELDS = {"Effect", "Principal", "Action", "Resource", "Condition"}


def _like(text, patterns):
    """`*` and `?` as in policies; brackets mean nothing there."""
    return any(re.fullmatch(fnmatch.translate(pattern.replace("[", "[[]")), text)
               for pattern in patterns)


def _check(policy, bucket):
    if policy.get("Version") != "1" or not policy.get("Statement"):
        raise ValueError("Version or Statement")
    for statement in policy["Statement"]:
        if set(statement) - _FIELDS or statement["Effect"] not in ("Allow", "Deny"):
            raise ValueError("an unknown element")
        for name in ("Principal", "Action", "Resource"):
            if not statement[name] or not isinstance(statement[name], list):
                raise ValueError(name)
        for resource in statement["Resource"]:
            match = re.fullmatch(r"acs:oss:[^:]*:(\d+|\*):([^/]+)(/.+)?", resource)
            if not match or match[2] != bucket or match[1] not in ("*", OWNER):
                raise ValueError(f"the resource {resource}")


def put(request, state):
    try:
        policy = json.loads(request.body.read(request.length))
        _check(policy, request.bucket)
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        raise OssError("InvalidPolicyDocument", f"The policy is invalid: {error}") from error
    with state.lock:
        state.bucket(request.bucket).policy = policy
    return Answer()


def _holds(statement, request, action):
    if request.principal.arn not in statement["Principal"] or not _like(action, statement["Action"]):
        return False
    resource = f"{request.bucket}/{request.key}" if request.key else request.bucket
    if not _like(resource, [name.split(":", 4)[4] for name in statement["Resource"]]):
        return False
    for operator, keys in statement.get("Condition", {}).items():
        for key, patterns in keys.items():
            if (operator, key) != ("StringLike", "oss:Prefix"):
                raise OssError("NotImplemented", f"{operator} {key}")
            # Of a request without a prefix the condition does not hold.
            if "prefix" not in request.query or not _like(request.query["prefix"], patterns):
                return False
    return True


def allows(policy, request, action):
    held = {statement["Effect"] for statement in policy.get("Statement", ())
            if _holds(statement, request, action)}
    return held == {"Allow"}
