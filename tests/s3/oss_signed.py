"""signed.py for OSS: requests by OSS's signature V4, as the full principal of the double."""
import datetime
import functools
import hashlib
import urllib.parse

import servers
import signed
from oss_double import identities

SCHEME, REGION = "oss", identities.REGION
environment = servers.oss_environment


def request(url, method, path, query="", body=b"", principal=identities.FULL, ahead_s=0,
            more_headers=()):
    """Status and body.  `path` is /bucket or /bucket/key, encoded already, the query sorted too.
    `ahead_s`: of the service's clock.  `more_headers`: names that begin with x-oss-."""
    now = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=ahead_s)
    now = now.strftime("%Y%m%dT%H%M%SZ")
    query = "&".join(pair.removesuffix("=") for pair in query.split("&"))
    resource = path if "/" in path[1:] else path + "/"
    headers = {"x-oss-content-sha256": "UNSIGNED-PAYLOAD", "x-oss-date": now}
    if principal.token:
        headers["x-oss-security-token"] = principal.token
    headers.update(more_headers)
    lines = "".join(f"{name}:{value}\n" for name, value in sorted(headers.items()))
    canonical = f"{method}\n{resource}\n{query}\n{lines}\n\nUNSIGNED-PAYLOAD"
    scope = f"{now[:8]}/{REGION}/oss/aliyun_v4_request"
    to_sign = "\n".join(["OSS4-HMAC-SHA256", now, scope,
                         hashlib.sha256(canonical.encode()).hexdigest()])
    key = ("aliyun_v4" + principal.secret).encode()
    for part in scope.split("/"):
        key = signed.hmac_sha256(key, part)
    headers["Authorization"] = (f"OSS4-HMAC-SHA256 Credential={principal.key_id}/{scope},"
                                f"Signature={signed.hmac_sha256(key, to_sign).hex()}")
    return signed.send(f"{url}{path}" + (f"?{query}" if query else ""), method, headers, body)


def make_bucket(url, name, ahead_s=0):
    signed.make_bucket(url, name, functools.partial(request, ahead_s=ahead_s))


def put_symlink(url, bucket, key, target):
    """Status and body."""
    return request(url, "PUT", f"/{bucket}/{key}", "symlink",
                   more_headers={"x-oss-symlink-target": urllib.parse.quote(target, safe="")})


def unfinished_uploads(url, bucket):
    return signed.unfinished_uploads(url, bucket, request)


def get(url, bucket, key):
    return signed.get(url, bucket, key, request)
