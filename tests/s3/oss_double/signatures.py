"""Every request is signed again by the vendor's own SDKs; what they get is the truth.

V4: alibabacloud-oss-v2, V1: oss2, each as header and as query.
"""
import calendar
import datetime
import email.utils
import time
import urllib.parse

import oss2.auth
from alibabacloud_oss_v2 import types
from alibabacloud_oss_v2.signer.v4 import SignerV4
from requests.structures import CaseInsensitiveDict

from .errors import OssError
from .identities import ANONYMOUS, PRINCIPALS, REGION

V4 = "OSS4-HMAC-SHA256"
SKEW_S = 15 * 60
_BY_KEY = {principal.key_id: principal for principal in PRINCIPALS}
_UTC = datetime.timezone.utc


def authenticate(request, now):
    """Who has signed the request.  `now`: seconds since the epoch, by the double's clock."""
    authorization = request.header("authorization")
    if authorization.startswith(V4):
        return _v4_header(request, authorization, now)
    if authorization.startswith("OSS "):
        return _v1_header(request, authorization, now)
    if authorization:
        raise OssError("InvalidArgument", "Authorization header is invalid.", ec="0002-00000202")
    if "x-oss-signature" in request.query:
        return _v4_query(request, now)
    if "Signature" in request.query:
        return _v1_query(request, now)
    return ANONYMOUS


def _principal(key_id, token):
    principal = _BY_KEY.get(key_id)
    if not principal:
        raise OssError("InvalidAccessKeyId", OSSAccessKeyId=key_id)
    if token != principal.token:
        # A key of a user with a token, or a temporary key without its own.
        raise OssError("InvalidSecurityToken" if principal.token else "InvalidAccessKeyId")
    if principal.expired:
        raise OssError("SecurityTokenExpired")
    return principal


def _check_skew(then, now):
    if abs(then - now) > SKEW_S:
        text = datetime.datetime.fromtimestamp
        raise OssError("RequestTimeTooSkewed", MaxAllowedSkewMilliseconds=SKEW_S * 1000,
                       RequestTime=text(then, _UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
                       ServerTime=text(now, _UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z"))


def _mismatch(principal, given, string_to_sign):
    return OssError("SignatureDoesNotMatch", OSSAccessKeyId=principal.key_id,
                    SignatureProvided=given, StringToSign=string_to_sign,
                    StringToSignBytes=string_to_sign.encode().hex(" ").upper())


# --- V4

def _seconds(iso):
    try:
        return calendar.timegm(time.strptime(iso, "%Y%m%dT%H%M%SZ"))
    except ValueError as error:
        raise OssError("InvalidArgument", "x-oss-date is missing or invalid.") from error


def _scope(credential, iso):
    key_id, *scope = credential.split("/")
    if len(scope) != 4 or scope[3] != "aliyun_v4_request":
        raise OssError("InvalidArgument", "Invalid Credential.", ec="0002-00000202")
    if scope[0] != iso[:8]:
        raise OssError("InvalidArgument", "Invalid signing date in Authorization header.")
    if scope[1] != REGION:
        raise OssError("InvalidArgument", "Invalid signing region in Authorization header.",
                       ec="0002-00000226")
    if scope[2] != "oss":
        raise OssError("InvalidArgument", "Invalid signing product in Authorization header.",
                       ec="0002-00000227")
    return key_id


def _url(request, without=()):
    """With the one right encoding of the query: what a client encodes otherwise does not match."""
    quote = urllib.parse.quote
    pairs = [quote(name, safe="") + ("=" + quote(value, safe="") if value else "")
             for name, value in request.query.items() if name not in without]
    return f"http://{request.host}/?" + "&".join(pairs)


def _context(request, principal, iso, additional, url):
    credentials = types.Credentials(principal.key_id, principal.secret, principal.token or None)
    headers = {name: value for name, value in request.headers.items() if name != "authorization"}
    return types.SigningContext(
        product="oss", region=REGION, bucket=request.bucket or None, key=request.key or None,
        request=types.HttpRequest(request.method, url, headers), credentials=credentials,
        signing_time=datetime.datetime.fromtimestamp(_seconds(iso), _UTC),
        additional_headers=set(additional))


def _fields(authorization):
    fields = {}
    for pair in authorization[len(V4):].split(","):
        name, _, value = pair.strip().partition("=")
        fields[name] = value
    if "Credential" not in fields or "Signature" not in fields:
        raise OssError("InvalidArgument", "Authorization header is invalid.", ec="0002-00000202")
    if fields.get("AdditionalHeaders") == "":
        raise OssError("InvalidArgument", "Invalid AdditionalHeaders in Authorization header.",
                       ec="0002-00000209")
    return fields


def _v4_header(request, authorization, now):
    fields = _fields(authorization)
    iso = request.header("x-oss-date")
    if request.header("x-oss-content-sha256") != "UNSIGNED-PAYLOAD":
        raise OssError("InvalidArgument", "Invalid x-oss-content-sha256.")
    key_id = _scope(fields["Credential"], iso)
    principal = _principal(key_id, request.header("x-oss-security-token"))
    _check_skew(_seconds(iso), now)
    additional = [name for name in fields.get("AdditionalHeaders", "").split(";") if name]
    context = _context(request, principal, iso, additional, _url(request))
    SignerV4().sign(context)
    if _fields(context.request.headers["Authorization"])["Signature"] != fields["Signature"]:
        raise _mismatch(principal, fields["Signature"], context.string_to_sign)
    return principal


def _v4_query(request, now):
    query = request.query
    iso, expires = query.get("x-oss-date", ""), query.get("x-oss-expires", "")
    if query.get("x-oss-signature-version") != V4 or not expires.isdigit() or \
            not 1 <= int(expires) <= 604_800:
        raise OssError("InvalidArgument", "The signed URL is invalid.")
    key_id = _scope(query.get("x-oss-credential", ""), iso)
    principal = _principal(key_id, query.get("x-oss-security-token", ""))
    begin = _seconds(iso)
    if not begin - SKEW_S <= now <= begin + int(expires):
        raise OssError("AccessDenied", "Request has expired.", ec="0002-00000069")
    additional = [name for name in query.get("x-oss-additional-headers", "").split(";") if name]
    context = _context(request, principal, iso, additional, _url(request, ("x-oss-signature",)))
    context.auth_method_query = True
    context.expiration_time = context.signing_time + datetime.timedelta(seconds=int(expires))
    SignerV4().sign(context)
    signed = urllib.parse.parse_qs(urllib.parse.urlsplit(context.request.url).query)
    if signed["x-oss-signature"] != [query["x-oss-signature"]]:
        raise _mismatch(principal, query["x-oss-signature"], context.string_to_sign)
    return principal


# --- V1

class _Request:
    """What oss2 signs; `date` stands where the signature has its date or time of expiry."""

    def __init__(self, request, date, without):
        self.method = request.method
        self.headers = CaseInsensitiveDict(request.headers)
        self.headers["date"] = date
        self.params = {name: value for name, value in request.query.items() if name not in without}


def _check_v1(request, principal, date, given, without=()):
    provider = oss2.credentials.StaticCredentialsProvider(principal.key_id, principal.secret)
    auth = oss2.auth.ProviderAuth(provider)
    signed = _Request(request, date, without)
    # Its public methods would put in the time of now.
    expected = auth._ProviderAuth__make_signature(signed, request.bucket, request.key,
                                                  provider.get_credentials())
    if expected != given:
        to_sign = auth._ProviderAuth__get_bytes_to_sign(signed, request.bucket, request.key)
        raise _mismatch(principal, given, to_sign.decode())
    return principal


def _v1_header(request, authorization, now):
    key_id, _, given = authorization[len("OSS "):].partition(":")
    principal = _principal(key_id, request.header("x-oss-security-token"))
    date = request.header("x-oss-date") or request.header("date")
    try:
        then = email.utils.parsedate_to_datetime(date).timestamp()
    except (TypeError, ValueError) as error:
        raise OssError("AccessDenied", "OSS authentication requires a valid Date.") from error
    _check_skew(then, now)
    return _check_v1(request, principal, date, given)


def _v1_query(request, now):
    query = request.query
    principal = _principal(query.get("OSSAccessKeyId", ""), query.get("security-token", ""))
    expires = query.get("Expires", "")
    if not expires.isdigit() or now > int(expires):
        raise OssError("AccessDenied", "Request has expired.", ec="0002-00000069")
    return _check_v1(request, principal, expires, query["Signature"],
                     ("OSSAccessKeyId", "Expires", "Signature"))
