"""Signatures as a service sees them: what a request claims, whether that is right, and the same at
another time.  For a server whose clock is another one than ours, or that knows no session tokens.
"""
import calendar
import hashlib
import hmac
import time
import urllib.parse

import servers
from oss_double import identities

FORM = "%Y%m%dT%H%M%SZ"


def now():
    return time.strftime(FORM, time.gmtime())


def headers_of(head):
    headers = {}
    for line in head.decode("latin-1").split("\r\n")[1:]:
        if ":" in line:
            name, value = line.split(":", 1)
            headers[name.lower()] = value.strip()
    return headers


class S3:
    """SigV4."""
    algorithm, begin, secret = "AWS4-HMAC-SHA256", "AWS4", servers.SECRET_KEY
    date, token, names = "x-amz-date", "x-amz-security-token", "SignedHeaders"

    @staticmethod
    def canonical(method, target, headers, names):
        path, _, query = target.partition("?")
        pairs = sorted(pair if "=" in pair else pair + "=" for pair in query.split("&") if pair)
        return "\n".join([method, path, "&".join(pairs),
                          *(f"{name}:{headers.get(name, '')}" for name in names), "",
                          ";".join(names), headers.get("x-amz-content-sha256", "")])


class Oss:
    """Its V4: the bucket of the host is part of the path, its own headers are signed always."""
    algorithm, begin, secret = "OSS4-HMAC-SHA256", "aliyun_v4", identities.FULL.secret
    date, token, names = "x-oss-date", "x-oss-security-token", "AdditionalHeaders"

    @staticmethod
    def canonical(method, target, headers, names):
        path, _, query = target.partition("?")
        name = headers["host"].split(":")[0]
        bucket = name.removesuffix(f"oss-{identities.REGION}.localhost").rstrip(".")
        pairs = sorted(pair.removesuffix("=") for pair in query.split("&") if pair)
        lines = [f"{name}:{value}" for name, value in sorted(headers.items())
                 if name.startswith("x-oss-") or name in ("content-type", "content-md5", *names)]
        return "\n".join([method, (f"/{bucket}" if bucket else "") + path, "&".join(pairs), *lines,
                          "", ";".join(names), headers["x-oss-content-sha256"]])


KINDS = {"s3": S3, "oss": Oss}


class Claim:
    """What the Authorization header says of a request."""

    def __init__(self, service, head):
        self.kind, self.head, self.headers = KINDS[service], head, headers_of(head)
        fields = dict(field.strip().split("=", 1) for field in
                      self.headers["authorization"].split(" ", 1)[1].split(","))
        self.key, _, self.scope = fields["Credential"].partition("/")
        self.signed = [name for name in fields.get(self.kind.names, "").split(";") if name]
        self.signature = fields["Signature"]
        self.date = self.headers[self.kind.date]
        self.time = calendar.timegm(time.strptime(self.date, FORM))
        self.region = self.scope.split("/")[1]
        self.token = self.headers.get(self.kind.token)

    def is_right(self):
        return self.signature == self.signature_of(self.headers, self.scope, self.signed, self.date)

    def signature_of(self, headers, scope, names, date):
        """Of the request as it stands on the wire, had it been made at `date`."""
        method, target, _ = self.head.split(b"\r\n")[0].decode("latin-1").split(" ")
        canonical = self.kind.canonical(method, target, {**headers, self.kind.date: date}, names)
        to_sign = "\n".join([self.kind.algorithm, date, scope,
                             hashlib.sha256(canonical.encode("latin-1")).hexdigest()])
        key = (self.kind.begin + self.kind.secret).encode()
        for part in scope.split("/"):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        return hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()

    def signed_again(self):
        """The same request as made now, and by the keys alone: the servers know no such tokens."""
        kind, date = self.kind, now()
        scope = "/".join([date[:8], *self.scope.split("/")[1:]])
        names = [name for name in self.signed if name != kind.token]
        headers = {name: value for name, value in self.headers.items() if name != kind.token}
        lines = [line for line in self.head.decode("latin-1").split("\r\n")
                 if line.split(":")[0].lower() not in ("authorization", kind.date, kind.token)]
        fields = [f"Credential={self.key}/{scope}"]
        fields += [f"{kind.names}={';'.join(names)}"] if names else []
        fields.append(f"Signature={self.signature_of(headers, scope, names, date)}")
        lines[1:1] = [f"{kind.date}: {date}",
                      f"Authorization: {kind.algorithm} {', '.join(fields)}"]
        return "\r\n".join(lines).encode("latin-1")
