"""SigV4 as a server sees it: what a request claims, whether that is right, and the same at another
time.  For a server whose clock is another one than ours, or that knows no session tokens."""
import calendar
import hashlib
import hmac
import time

import servers

TOKEN = "x-amz-security-token"
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


def signature(head, headers, scope, signed, date):
    """Of a request as it stands on the wire, had it been made at `date`."""
    method, target, _ = head.split(b"\r\n")[0].decode("latin-1").split(" ")
    path, _, query = target.partition("?")
    pairs = sorted(pair if "=" in pair else pair + "=" for pair in query.split("&") if pair)
    values = {**headers, "x-amz-date": date}
    canonical = "\n".join([method, path, "&".join(pairs),
                           *(f"{name}:{values.get(name, '')}" for name in signed), "",
                           ";".join(signed), headers.get("x-amz-content-sha256", "")])
    to_sign = "\n".join(["AWS4-HMAC-SHA256", date, scope,
                         hashlib.sha256(canonical.encode("latin-1")).hexdigest()])
    key = ("AWS4" + servers.SECRET_KEY).encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()


class Claim:
    """What the Authorization header says of a request."""

    def __init__(self, head):
        self.headers = headers_of(head)
        fields = dict(field.strip().split("=", 1) for field in
                      self.headers["authorization"].split(" ", 1)[1].split(","))
        self.key, _, self.scope = fields["Credential"].partition("/")
        self.signed = fields["SignedHeaders"].split(";")
        self.signature = fields["Signature"]
        self.date = self.headers["x-amz-date"]
        self.time = calendar.timegm(time.strptime(self.date, FORM))
        self.region = self.scope.split("/")[1]
        self.token = self.headers.get(TOKEN)

    def is_right(self, head):
        return self.signature == signature(head, self.headers, self.scope, self.signed, self.date)


def signed_again(head):
    """The same request as made now, and by the keys alone: these servers know no session tokens."""
    claim, date = Claim(head), now()
    scope = "/".join([date[:8], *claim.scope.split("/")[1:]])
    signed = [name for name in claim.signed if name != TOKEN]
    lines = [line for line in head.decode("latin-1").split("\r\n")
             if line.split(":")[0].lower() not in ("authorization", "x-amz-date", TOKEN)]
    new = signature(head, claim.headers, scope, signed, date)
    lines[1:1] = [f"x-amz-date: {date}",
                  f"Authorization: AWS4-HMAC-SHA256 Credential={claim.key}/{scope}, "
                  f"SignedHeaders={';'.join(signed)}, Signature={new}"]
    return "\r\n".join(lines).encode("latin-1")
