"""From a request to the operation that it is, and the right that it takes."""
import dataclasses
from typing import Callable

from . import listing, multipart, objects, policies
from .answer import Answer, Xml
from .errors import OssError
from .identities import REGION
from .state import Bucket


@dataclasses.dataclass(frozen=True)
class Operation:
    name: str
    right: str
    run: Callable


def _put_bucket(request, state):
    if request.length:
        request.body.read(request.length)
    with state.lock:
        bucket = state.buckets.setdefault(request.bucket, Bucket(request.bucket))
        bucket.acl = request.header("x-oss-acl", bucket.acl)
    return Answer()


def _delete_bucket(request, state):
    with state.lock:
        bucket = state.bucket(request.bucket)
        if bucket.objects or bucket.uploads:
            raise OssError("BucketNotEmpty", BucketName=request.bucket)
        del state.buckets[request.bucket]
    return Answer(204)


def _location(request, state):
    with state.lock:
        state.bucket(request.bucket)
    xml = Xml("LocationConstraint", request)
    xml.lines = [f"oss-{REGION}"]
    return xml.answer()


# (method, whether a key is named, name in the query) -> operation; "" = none of the others.
_OPERATIONS = {
    ("PUT", False, "policy"): Operation("PutBucketPolicy", "oss:PutBucketPolicy", policies.put),
    ("PUT", False, ""): Operation("PutBucket", "oss:PutBucket", _put_bucket),
    ("DELETE", False, ""): Operation("DeleteBucket", "oss:DeleteBucket", _delete_bucket),
    ("GET", False, "location"): Operation("GetBucketLocation", "oss:GetBucketLocation", _location),
    ("GET", False, "uploads"): Operation("ListMultipartUploads", "oss:ListMultipartUploads",
                                         listing.list_uploads),
    ("GET", False, "list-type"): Operation("ListObjectsV2", "oss:ListObjects", listing.list_v2),
    ("GET", False, ""): Operation("ListObjects", "oss:ListObjects", listing.list_v1),
    ("POST", False, "delete"): Operation("DeleteMultipleObjects", "oss:DeleteObject",
                                         objects.delete_many),
    ("GET", True, "uploadId"): Operation("ListParts", "oss:ListParts", multipart.list_parts),
    ("GET", True, "tagging"): Operation("GetObjectTagging", "oss:GetObjectTagging",
                                        objects.get_tagging),
    ("GET", True, ""): Operation("GetObject", "oss:GetObject", objects.get),
    ("HEAD", True, "objectMeta"): Operation("GetObjectMeta", "oss:GetObject", objects.head),
    ("HEAD", True, ""): Operation("HeadObject", "oss:GetObject", objects.head),
    ("PUT", True, "symlink"): Operation("PutSymlink", "oss:PutObject", objects.put_symlink),
    ("PUT", True, "uploadId"): Operation("UploadPart", "oss:PutObject", multipart.upload_part),
    ("PUT", True, ""): Operation("PutObject", "oss:PutObject", objects.put),
    ("POST", True, "uploads"): Operation("InitiateMultipartUpload", "oss:PutObject",
                                         multipart.initiate),
    ("POST", True, "uploadId"): Operation("CompleteMultipartUpload", "oss:PutObject",
                                          multipart.complete),
    ("DELETE", True, "uploadId"): Operation("AbortMultipartUpload", "oss:AbortMultipartUpload",
                                            multipart.abort),
    ("DELETE", True, ""): Operation("DeleteObject", "oss:DeleteObject", objects.delete),
}
_COPIES = {"PutObject": Operation("CopyObject", "oss:PutObject", objects.copy),
           "UploadPart": Operation("UploadPartCopy", "oss:PutObject", multipart.upload_part_copy)}
# Sub-resources that the double does not know must not be taken for something else.
_UNKNOWN = ("acl", "append", "restore", "versions", "versioning", "lifecycle",
            "cors", "bucketInfo", "stat", "x-oss-process", "versionId")


def operation_of(request):
    if any(name in request.query for name in _UNKNOWN) or not request.bucket:
        raise OssError("NotImplemented")
    with_key = bool(request.key)
    for (method, needs_key, name), operation in _OPERATIONS.items():
        if method == request.method and needs_key == with_key and name in (*request.query, ""):
            copies = "x-oss-copy-source" in request.headers
            return _COPIES.get(operation.name, operation) if copies else operation
    raise OssError("MethodNotAllowed", Method=request.method, ResourceType="Object")


def authorise(request, state, operation):
    if request.principal.may(operation.right):
        return
    with state.lock:
        acl, policy = state.bucket(request.bucket).acl, state.bucket(request.bucket).policy
    if policies.allows(policy, request, operation.right):
        return
    if operation.right != "oss:GetObject" or not acl.startswith("public-read"):
        raise OssError("AccessDenied")
