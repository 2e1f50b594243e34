"""ListObjects, ListObjectsV2, ListMultipartUploads."""
import base64

from .answer import Xml, iso_time
from .errors import OssError
from .identities import OWNER


def _entries(keys, prefix, delimiter, after):
    """Keys and common prefixes in bytewise order, each (name, is_prefix), after `after`."""
    last = None
    for key in sorted(keys, key=lambda key: key.encode()):
        if not key.startswith(prefix):
            continue
        end = key.find(delimiter, len(prefix)) if delimiter else -1
        name = key if end < 0 else key[:end + len(delimiter)]
        if name == last or name.encode() <= after.encode():
            continue
        last = name
        yield name, end >= 0


def _page(request, keys, after):
    most = request.number("max-keys", 100, 1, 1000)
    found = []
    for entry in _entries(keys, request.query.get("prefix", ""), request.query.get("delimiter", ""),
                          after):
        found.append(entry)
        if len(found) > most:
            break
    return found[:most], len(found) > most, most


def _fill(xml, bucket, page, with_owner):
    for name, is_prefix in page:
        if is_prefix:
            xml.group("CommonPrefixes", xml.child().coded("Prefix", name))
            continue
        found = bucket.objects[name]
        entry = xml.child().coded("Key", name).text("LastModified", iso_time(found.modified))
        entry.text("ETag", f'"{found.etag}"').text("Type", found.kind).text("Size", found.size)
        entry.text("StorageClass", found.storage_class)
        if with_owner:
            entry.group("Owner", xml.child().text("ID", OWNER).text("DisplayName", OWNER))
        xml.group("Contents", entry)


def _common(xml, request, most, truncated):
    xml.text("Name", request.bucket).coded("Prefix", request.query.get("prefix", ""))
    xml.text("MaxKeys", most).coded("Delimiter", request.query.get("delimiter", ""))
    xml.text("IsTruncated", str(truncated).lower())


def _check_encoding(request):
    if request.query.get("encoding-type", "url") != "url":
        raise OssError("InvalidArgument", "Invalid Encoding Method specified in Request.",
                       ArgumentName="encoding-type")


def list_v1(request, state):
    _check_encoding(request)
    marker = request.query.get("marker", "")
    with state.lock:
        bucket = state.bucket(request.bucket)
        page, truncated, most = _page(request, bucket.objects, marker)
        xml = Xml("ListBucketResult", request)
        _common(xml, request, most, truncated)
        xml.coded("Marker", marker)
        if truncated:
            xml.coded("NextMarker", page[-1][0])
        _fill(xml, bucket, page, with_owner=True)
    return xml.answer()


def _token(after):
    return base64.b64encode(b"after:" + after.encode()).decode()


def _after(token):
    try:
        text = base64.b64decode(token, validate=True).decode()
    except ValueError as error:
        raise OssError("InvalidArgument", "The continuation token is invalid.") from error
    if not text.startswith("after:"):
        raise OssError("InvalidArgument", "The continuation token is invalid.")
    return text[len("after:"):]


def list_v2(request, state):
    _check_encoding(request)
    token, start = request.query.get("continuation-token", ""), request.query.get("start-after", "")
    with state.lock:
        bucket = state.bucket(request.bucket)
        page, truncated, most = _page(request, bucket.objects, _after(token) if token else start)
        xml = Xml("ListBucketResult", request)
        _common(xml, request, most, truncated)
        xml.coded("StartAfter", start).text("KeyCount", len(page))
        if token:
            xml.coded("ContinuationToken", token)
        if truncated:
            xml.coded("NextContinuationToken", _token(page[-1][0]))
        _fill(xml, bucket, page, request.query.get("fetch-owner") == "true")
    return xml.answer()


def list_uploads(request, state):
    _check_encoding(request)
    query = request.query
    most = request.number("max-uploads", 1000, 1, 1000)
    after = (query.get("key-marker", "").encode(),
             query.get("upload-id-marker", "") if query.get("key-marker") else "")
    with state.lock:
        # Without an id, the marker stands for all uploads of its key.
        skip_key = bool(after[0]) and not after[1]
        found = sorted(((upload.key.encode(), upload.id), upload)
                       for upload in state.bucket(request.bucket).uploads.values()
                       if upload.key.startswith(query.get("prefix", "")))
    found = [upload for place, upload in found
             if place > after and not (skip_key and place[0] == after[0])]
    page, truncated = found[:most], len(found) > most
    xml = Xml("ListMultipartUploadsResult", request).text("Bucket", request.bucket)
    xml.coded("KeyMarker", query.get("key-marker", ""))
    xml.text("UploadIdMarker", query.get("upload-id-marker", ""))
    xml.coded("NextKeyMarker", page[-1].key if truncated else "")
    xml.text("NextUploadIdMarker", page[-1].id if truncated else "")
    xml.coded("Prefix", query.get("prefix", "")).coded("Delimiter", "")
    xml.text("MaxUploads", most).text("IsTruncated", str(truncated).lower())
    for upload in page:
        xml.group("Upload", xml.child().coded("Key", upload.key).text("UploadId", upload.id)
                  .text("StorageClass", upload.headers.get("x-oss-storage-class", "Standard"))
                  .text("Initiated", iso_time(upload.initiated)))
    return xml.answer()
