"""Multipart uploads."""
import hashlib
import re
import uuid
import xml.etree.ElementTree as ElementTree

from alibabacloud_oss_v2.crc import Crc64

from . import objects
from .answer import Answer, Xml, iso_time
from .contents import Content
from .errors import OssError
from .state import Object, Part

MIN_PART = 100 << 10
MAX_PARTS = 10_000


def initiate(request, state):
    headers = objects.kept_headers(request)
    with state.lock:
        bucket = state.bucket(request.bucket)
        if request.flag("x-oss-forbid-overwrite") and request.key in bucket.objects:
            raise OssError("FileAlreadyExists", Key=request.key)
        upload = bucket.start_upload(request.key, state.clock(), headers)
    xml = Xml("InitiateMultipartUploadResult", request).text("Bucket", request.bucket)
    return xml.coded("Key", request.key).text("UploadId", upload.id).answer()


def _number(request):
    text = request.query.get("partNumber", "")
    if not text.isdigit() or not 1 <= int(text) <= MAX_PARTS:
        raise OssError("InvalidArgument", f"Part number must be an integer between 1 and {MAX_PARTS},"
                                          " inclusive.", ArgumentName="partNumber",
                       ArgumentValue=text)
    return int(text)


def _add(request, state, number, part):
    with state.lock:
        bucket = state.bucket(request.bucket)
        bucket.upload(request.key, request.query["uploadId"]).parts[number] = part


def upload_part(request, state):
    number = _number(request)
    with state.lock:  # before the bytes are taken
        state.bucket(request.bucket).upload(request.key, request.query["uploadId"])
    piece = objects.receive_checked(request, state)
    part = Part(Content([(piece, 0, piece.size)]), piece.md5.hex().upper(), piece.crc, state.clock())
    _add(request, state, number, part)
    return Answer(headers=[("ETag", f'"{part.etag}"'), ("x-oss-hash-crc64ecma", str(part.crc))])


def upload_part_copy(request, state):
    number = _number(request)
    found = objects.copy_source(request, state)
    offset, size = 0, found.size
    if request.header("x-oss-copy-source-range"):
        match = re.fullmatch(r"bytes=(\d+)-(\d+)", request.header("x-oss-copy-source-range"))
        if not match or not int(match[1]) <= int(match[2]) < found.size:
            raise OssError("InvalidArgument", "x-oss-copy-source-range is invalid.")
        offset, size = int(match[1]), int(match[2]) - int(match[1]) + 1
    if size > objects.MAX_PUT:
        raise OssError("EntityTooLarge")
    content = found.content.part(offset, size)
    crc, md5 = content.sums()
    part = Part(content, md5, crc, state.clock())
    _add(request, state, number, part)
    xml = Xml("CopyPartResult", request).text("ETag", f'"{part.etag}"')
    return xml.text("LastModified", iso_time(part.modified)).answer(
        headers=[("ETag", f'"{part.etag}"'), ("x-oss-hash-crc64ecma", str(crc))])


# --- The end of an upload

def _listed_parts(body):
    try:
        root = ElementTree.fromstring(body)
    except ElementTree.ParseError as error:
        raise OssError("MalformedXML") from error
    if root.tag != "CompleteMultipartUpload":
        raise OssError("MalformedXML")
    listed = [(node.findtext("PartNumber", ""), node.findtext("ETag", "").strip().strip('"'))
              for node in root.findall("Part")]
    if not listed or not all(number.isdigit() for number, _ in listed):
        raise OssError("MalformedXML")
    numbers = [int(number) for number, _ in listed]
    if numbers != sorted(set(numbers)):
        raise OssError("InvalidPartOrder")
    return [(int(number), etag.upper()) for number, etag in listed]


def _join(upload, listed):
    """The content of the listed parts and its CRC."""
    ranges, crc = [], 0
    for number, etag in listed:
        part = upload.parts.get(number)
        if not part or part.etag != etag:
            raise OssError("InvalidPart", UploadId=upload.id, PartNumber=number, PartEtag=etag)
        if number != listed[-1][0] and part.content.size < MIN_PART:
            raise OssError("EntityTooSmall", ProposedSize=part.content.size, MinSizeAllowed=MIN_PART,
                           PartNumber=number, PartEtag=etag)
        ranges += part.content.ranges
        crc = Crc64.combine(crc, part.crc, part.content.size)
    return Content(ranges), crc


def complete(request, state):
    body = request.body.read(request.length)
    upload_id = request.query["uploadId"]
    with state.lock:
        bucket = state.bucket(request.bucket)
        upload = bucket.upload(request.key, upload_id)
        content, crc = _join(upload, _listed_parts(body))
        # OSS does not say how it makes them; nobody may rely on more than that they differ.
        etag = hashlib.md5(uuid.uuid4().bytes).hexdigest().upper() + f"-{len(upload.parts)}"
        made = Object(content, etag, crc, "Multipart", state.clock(), upload.headers)
        bucket.place(request.key, made, request.flag("x-oss-forbid-overwrite"))
        del bucket.uploads[upload_id]
    xml = Xml("CompleteMultipartUploadResult", request)
    xml.text("Location", f"http://{request.bucket}.oss/{request.key}")
    xml.text("Bucket", request.bucket).coded("Key", request.key).text("ETag", f'"{etag}"')
    return xml.answer(headers=[("ETag", f'"{etag}"'), ("x-oss-hash-crc64ecma", str(crc))])


def abort(request, state):
    with state.lock:
        bucket = state.bucket(request.bucket)
        bucket.upload(request.key, request.query["uploadId"])
        del bucket.uploads[request.query["uploadId"]]
    return Answer(204)


def list_parts(request, state):
    most = request.number("max-parts", 1000, 1, 1000)
    marker = request.number("part-number-marker", 0, 0, MAX_PARTS)
    with state.lock:
        upload = state.bucket(request.bucket).upload(request.key, request.query["uploadId"])
        parts = sorted((number, part) for number, part in upload.parts.items() if number > marker)
    page, truncated = parts[:most], len(parts) > most
    xml = Xml("ListPartsResult", request).text("Bucket", request.bucket).coded("Key", request.key)
    xml.text("UploadId", upload.id).text("PartNumberMarker", marker)
    xml.text("NextPartNumberMarker", page[-1][0] if page else 0)
    xml.text("MaxParts", most).text("IsTruncated", str(truncated).lower())
    for number, part in page:
        xml.group("Part", xml.child().text("PartNumber", number)
                  .text("LastModified", iso_time(part.modified)).text("ETag", f'"{part.etag}"')
                  .text("HashCrc64ecma", part.crc).text("Size", part.content.size))
    return xml.answer()
