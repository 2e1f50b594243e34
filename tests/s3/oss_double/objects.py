"""PutObject, GetObject, HeadObject, CopyObject, DeleteObject, DeleteMultipleObjects."""
import base64
import dataclasses
import email.utils
import hashlib
import re
import urllib.parse
import xml.etree.ElementTree as ElementTree

from .answer import Answer, Xml, http_time, iso_time
from .contents import Content, receive
from .errors import OssError
from .state import Object

MAX_PUT = 5 << 30
MAX_DELETE = 1000
STORAGE_CLASSES = ("Standard", "IA", "Archive", "ColdArchive", "DeepColdArchive")
_FROZEN = ("Archive", "ColdArchive", "DeepColdArchive")
_KEPT = ("content-type", "cache-control", "content-disposition", "content-encoding", "expires",
         "x-oss-storage-class", "x-oss-object-acl", "x-oss-server-side-encryption",
         "x-oss-server-side-encryption-key-id", "x-oss-tagging")


def kept_headers(request):
    """What the writer said about the object, after a look at it."""
    headers = {name: value for name, value in request.headers.items()
               if name in _KEPT or name.startswith("x-oss-meta-")}
    _check_one_of(headers, "x-oss-storage-class", STORAGE_CLASSES)
    _check_one_of(headers, "x-oss-object-acl",
                  ("default", "private", "public-read", "public-read-write"))
    _check_one_of(headers, "x-oss-server-side-encryption", ("AES256", "KMS", "SM4"))
    return headers


def _check_one_of(headers, name, allowed):
    if name in headers and headers[name] not in allowed:
        raise OssError("InvalidArgument", f"{name} is invalid.", ArgumentName=name,
                       ArgumentValue=headers[name])


def check_md5(request, digest):
    given = request.header("content-md5")
    if given and given != base64.b64encode(digest).decode():
        raise OssError("InvalidDigest")


def receive_checked(request, state):
    if request.length > MAX_PUT:
        raise OssError("EntityTooLarge")
    piece = receive(request, state.directory)
    check_md5(request, piece.md5)
    return piece


def put(request, state):
    headers = kept_headers(request)
    piece = receive_checked(request, state)
    made = Object(Content([(piece, 0, piece.size)]), piece.md5.hex().upper(), piece.crc, "Normal",
                  state.clock(), headers)
    with state.lock:
        state.bucket(request.bucket).place(request.key, made,
                                           request.flag("x-oss-forbid-overwrite"))
    return Answer(headers=[("ETag", f'"{made.etag}"'), ("x-oss-hash-crc64ecma", str(made.crc))])


# --- Reading

def _matches(etags, etag):
    return etags.strip() == "*" or etag.upper() in [
        one.strip().removeprefix("W/").strip('"').upper() for one in etags.split(",")]


def _date(text):
    try:
        return email.utils.parsedate_to_datetime(text).timestamp()
    except (TypeError, ValueError):
        return None


def check_conditions(headers, found, prefix="", not_modified="NotModified"):
    """If-Match and so on, or x-oss-copy-source-if-match and so on."""
    etag_headers = [("ETag", f'"{found.etag}"')]
    wanted = headers.get(prefix + "if-match")
    if wanted and not _matches(wanted, found.etag):
        raise OssError("PreconditionFailed", Condition="If-Match")
    since = _date(headers.get(prefix + "if-unmodified-since", ""))
    if since is not None and found.modified > since:
        raise OssError("PreconditionFailed", Condition="If-Unmodified-Since")
    unwanted = headers.get(prefix + "if-none-match")
    if unwanted and _matches(unwanted, found.etag):
        raise OssError(not_modified, headers=etag_headers)
    since = _date(headers.get(prefix + "if-modified-since", ""))
    if since is not None and found.modified <= since:
        raise OssError(not_modified, headers=etag_headers)


def _range(request, size):
    """(offset, size) of the range, or None for the whole object.

    OSS's own: a range that is not inside of the object is ignored, unless x-oss-range-behavior is
    "standard".
    """
    match = re.fullmatch(r"bytes=(\d*)-(\d*)", request.header("range"))
    if not match or match.group(0) == "bytes=-":
        return None
    first, last = match.groups()
    if first:
        begin, end = int(first), int(last) + 1 if last else size
    else:
        begin, end = max(0, size - int(last)), size
    if end < begin + 1 and last and first:
        return None
    inside = begin < size and end <= size
    if not inside and request.header("x-oss-range-behavior") != "standard":
        return None
    if begin >= size:
        raise OssError("InvalidRange", headers=[("Content-Range", f"bytes */{size}")],
                       RangeRequested=request.header("range"), ActualObjectSize=size)
    return begin, min(end, size) - begin


def put_symlink(request, state):
    target = urllib.parse.unquote(request.header("x-oss-symlink-target"))
    if not target:
        raise OssError("InvalidArgument", "x-oss-symlink-target is missing.")
    digest = hashlib.md5(target.encode()).hexdigest().upper()
    made = Object(Content(), digest, 0, "Symlink", state.clock(), {}, target)
    with state.lock:
        state.bucket(request.bucket).place(request.key, made,
                                           request.flag("x-oss-forbid-overwrite"))
    return Answer(headers=[("ETag", f'"{digest}"')])


def _followed(bucket, link):
    """One level: size, ETag and bytes are those of the target, the later time counts."""
    target = bucket.objects.get(link.target)
    if not target:
        raise OssError("SymlinkTargetNotExist", ObjectName=link.target)
    if target.target:
        raise OssError("InvalidTargetType", ObjectName=link.target)
    return dataclasses.replace(target, kind="Symlink", modified=max(link.modified, target.modified))


def _describe(found):
    kept = {"content-type": "application/octet-stream", "x-oss-storage-class": "Standard",
            **found.headers}
    tags = kept.pop("x-oss-tagging", "")
    if tags:
        kept["x-oss-tagging-count"] = str(len(tags.split("&")))
    return [*kept.items(), ("ETag", f'"{found.etag}"'), ("Last-Modified", http_time(found.modified)),
            ("x-oss-object-type", found.kind), ("x-oss-hash-crc64ecma", str(found.crc)),
            ("Accept-Ranges", "bytes")]


def _look_up(request, state):
    with state.lock:
        bucket = state.bucket(request.bucket)
        found = bucket.object(request.key)
        if found.target:
            found = _followed(bucket, found)
    check_conditions(request.headers, found)
    return found


def get(request, state):
    found = _look_up(request, state)
    if found.storage_class in _FROZEN:
        raise OssError("InvalidObjectState", ObjectName=request.key)
    headers = _describe(found)
    part = _range(request, found.size) if request.header("range") else None
    if part is None:
        return Answer(200, headers, content=found.content, size=found.size)
    offset, size = part
    headers.append(("Content-Range", f"bytes {offset}-{offset + size - 1}/{found.size}"))
    return Answer(206, headers, content=found.content, offset=offset, size=size)


def head(request, state):
    found = _look_up(request, state)
    return Answer(200, _describe(found), content=found.content, size=found.size)


def get_tagging(request, state):
    with state.lock:
        found = state.bucket(request.bucket).object(request.key)
    xml, tags = Xml("Tagging", request), None
    tags = xml.child()
    for name, value in urllib.parse.parse_qsl(found.headers.get("x-oss-tagging", ""),
                                              keep_blank_values=True):
        tags.group("Tag", tags.child().text("Key", name).text("Value", value))
    return xml.group("TagSet", tags).answer()


# --- Copying

def copy_source(request, state):
    """The object that x-oss-copy-source names, when its conditions hold and it may be read."""
    path = urllib.parse.unquote(request.header("x-oss-copy-source").partition("?")[0])
    bucket, _, key = path.removeprefix("/").partition("/")
    if not request.principal.may("oss:GetObject"):  # policies of the source do not count here
        raise OssError("AccessDenied")
    with state.lock:
        found = state.bucket(bucket).object(key)
        # Of a link only the link is copied; which ETag counts is not documented: the one that HEAD
        # tells, so that nothing but the client's care keeps it from being copied.
        seen = _followed(state.bucket(bucket), found) if found.target else found
    if found.storage_class in _FROZEN:
        raise OssError("InvalidObjectState", ObjectName=key)
    check_conditions(request.headers, seen, "x-oss-copy-source-", "PreconditionFailed")
    return found


def copy(request, state):
    found = copy_source(request, state)
    if found.size > MAX_PUT:
        raise OssError("EntityTooLarge")
    headers = kept_headers(request)
    if request.header("x-oss-metadata-directive", "COPY") != "REPLACE":
        headers = {**{name: value for name, value in found.headers.items()
                      if not name.startswith("x-oss-") or name.startswith("x-oss-meta-")},
                   **headers}
    kind = "Symlink" if found.target else "Normal"
    made = Object(found.content, found.etag, found.crc, kind, state.clock(), headers, found.target)
    with state.lock:
        state.bucket(request.bucket).place(request.key, made,
                                           request.flag("x-oss-forbid-overwrite"))
    xml = Xml("CopyObjectResult", request).text("ETag", f'"{made.etag}"')
    return xml.text("LastModified", iso_time(made.modified)).answer(
        headers=[("ETag", f'"{made.etag}"'), ("x-oss-hash-crc64ecma", str(made.crc))])


# --- Deleting

def delete(request, state):
    with state.lock:
        state.bucket(request.bucket).objects.pop(request.key, None)
    return Answer(204)


def delete_many(request, state):
    body = request.body.read(request.length)
    if not request.header("content-md5"):
        raise OssError("InvalidArgument", "Content-MD5 is missing.")
    check_md5(request, hashlib.md5(body).digest())
    try:
        root = ElementTree.fromstring(body)
    except ElementTree.ParseError as error:
        raise OssError("MalformedXML") from error
    keys = [node.text or "" for node in root.findall("Object/Key")]
    if root.tag != "Delete" or not 0 < len(keys) <= MAX_DELETE:
        raise OssError("MalformedXML")
    xml = Xml("DeleteResult", request)
    with state.lock:
        bucket = state.bucket(request.bucket)
        for key in keys:
            bucket.objects.pop(key, None)
            if root.findtext("Quiet", "false").lower() != "true":
                xml.group("Deleted", xml.child().coded("Key", key))
    return xml.answer()
