"""The few requests a test itself makes, signed by SigV4 as the documents say, apart from our C++."""
import contextlib
import datetime
import hashlib
import hmac
import http.client
import urllib.parse

import servers

SCHEME, REGION = "s3", "us-east-1"
environment = servers.environment


def hmac_sha256(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def sign(url, method, path, query="", body=b""):
    """The headers of a signed request.  `path` and `query` are encoded already, the query sorted."""
    digest = hashlib.sha256(body).hexdigest()
    host = urllib.parse.urlsplit(url).netloc
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    scope = f"{now[:8]}/us-east-1/s3/aws4_request"
    canonical = "\n".join([method, path, query, f"host:{host}", f"x-amz-content-sha256:{digest}",
                           f"x-amz-date:{now}", "", "host;x-amz-content-sha256;x-amz-date", digest])
    to_sign = "\n".join(["AWS4-HMAC-SHA256", now, scope,
                         hashlib.sha256(canonical.encode()).hexdigest()])
    key = ("AWS4" + servers.SECRET_KEY).encode()
    for part in scope.split("/"):
        key = hmac_sha256(key, part)
    authorization = (f"AWS4-HMAC-SHA256 Credential={servers.ACCESS_KEY}/{scope}, "
                     "SignedHeaders=host;x-amz-content-sha256;x-amz-date, "
                     f"Signature={hmac_sha256(key, to_sign).hex()}")
    return {"x-amz-date": now, "x-amz-content-sha256": digest, "Authorization": authorization}


def request(url, method, path, query="", body=b""):
    """Status and body.  `path` and `query` are encoded already, the query sorted."""
    return send(f"{url}{path}" + (f"?{query}" if query else ""), method,
                sign(url, method, path, query, body), body)


def send(url, method, headers, body=b""):
    """Status and body, with no header besides those that HTTP needs."""
    parts = urllib.parse.urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    with contextlib.closing(kind(parts.netloc, timeout=60)) as connection:
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        connection.request(method, target, body or None, headers)
        answer = connection.getresponse()
        return answer.status, answer.read()


def make_bucket(url, name, ask=request):
    status, body = ask(url, "PUT", f"/{name}")
    if status != 200:
        raise AssertionError(f"making the bucket {name}: {status} {body[:500]}")


def unfinished_uploads(url, bucket, ask=request):
    """How many multipart uploads are open in the bucket."""
    status, body = ask(url, "GET", f"/{bucket}", "uploads=")
    if status != 200:
        raise AssertionError(f"listing uploads of {bucket}: {status} {body[:500]}")
    return body.count(b"<UploadId>")


def get(url, bucket, key, ask=request):
    status, body = ask(url, "GET", f"/{bucket}/{urllib.parse.quote(key)}")
    if status != 200:
        raise AssertionError(f"getting {key}: {status} {body[:500]}")
    return body


def get_into(url, path, take):
    """Gives the body to `take`, a piece at a time; `path` is encoded already."""
    host = urllib.parse.urlsplit(url).netloc
    with contextlib.closing(http.client.HTTPConnection(host, timeout=60)) as connection:
        connection.request("GET", path, headers=sign(url, "GET", path))
        answer = connection.getresponse()
        if answer.status != 200:
            raise AssertionError(f"getting {path}: {answer.status} {answer.read(500)}")
        while piece := answer.read(1 << 20):
            take(piece)
