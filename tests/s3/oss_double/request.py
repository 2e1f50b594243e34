"""One request as the double sees it: bucket and key from host and path, decoded query and headers."""
import dataclasses
import ipaddress
import re
import urllib.parse

from .errors import OssError
from .identities import ANONYMOUS, REGION


@dataclasses.dataclass
class Request:
    method: str
    host: str
    bucket: str  # "" = the service
    key: str  # "" = the bucket
    query: dict  # decoded; "" for a bare name
    headers: dict  # names in lower case, repeated ones joined
    body: object = None  # a file-like reader of exactly `length` bytes
    length: int = 0
    principal: object = ANONYMOUS

    def header(self, name, default=""):
        return self.headers.get(name, default)

    def flag(self, name):
        return self.header(name).lower() == "true"

    def number(self, name, default, low, high):
        """A number of the query."""
        text = self.query.get(name, "")
        if not text:
            return default
        if not text.isdigit() or not low <= int(text) <= high:
            raise OssError("InvalidArgument", f"{name} must be from {low} to {high}.",
                           ArgumentName=name, ArgumentValue=text)
        return int(text)


def _decoded(text):
    try:
        return urllib.parse.unquote(text, errors="strict")
    except UnicodeDecodeError as error:
        raise OssError("InvalidArgument", "The URI is not UTF-8.") from error


def parse_query(text):
    query = {}
    for pair in text.split("&") if text else ():
        name, _, value = pair.partition("=")
        query[_decoded(name)] = _decoded(value)
    return query


def _is_address(name):
    if name == "localhost" or name.startswith("["):
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


# Where a region's endpoint is: on this machine, and, for those who have the double as their HTTP
# proxy, where the vendor's own are.
_DOMAINS = ("localhost", "aliyuncs.com")


def bucket_of_host(host):
    """The bucket in front of the endpoint's name; None when the path has it, as with addresses."""
    name = host if host.startswith("[") else host.split(":")[0]
    if _is_address(name):
        return None
    for domain in _DOMAINS:
        endpoint = f"oss-{REGION}.{domain}"
        if name == endpoint:
            return ""
        if name.endswith("." + endpoint):
            return name[:-len(endpoint) - 1]
        other = re.fullmatch(rf"([^.]+)\.oss-[a-z0-9-]+\.{re.escape(domain)}", name)
        if other:
            # Of the message and the element: what the service is reported to say.
            raise OssError("AccessDenied", "The bucket you are attempting to access must be "
                                           "addressed using the specified endpoint. Please send "
                                           "all future requests to this endpoint.",
                           ec="0003-00001403", Bucket=other[1], Endpoint=endpoint)
    raise OssError("AccessDenied", "The bucket you are attempting to access must be addressed "
                                   "using the specified endpoint.")


def _check_names(bucket, key):
    if bucket and not re.fullmatch(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]", bucket):
        raise OssError("InvalidBucketName", BucketName=bucket)
    if len(key.encode()) > 1023 or key.startswith(("/", "\\")):
        raise OssError("InvalidObjectName", ObjectName=key)


def parse(method, target, headers):
    # A client that takes the double for its proxy asks for a whole URL.
    path, _, query = re.sub(r"^http://[^/]*", "", target).partition("?")
    path = _decoded(path)
    bucket = bucket_of_host(headers.get("host", ""))
    if bucket is None:
        bucket, _, key = path[1:].partition("/")
    elif bucket == "" and path != "/":
        raise OssError("SecondLevelDomainForbidden")
    else:
        key = path[1:]
    request = Request(method, headers.get("host", ""), bucket, key, parse_query(query), headers)
    _check_names(bucket, key)
    return request
