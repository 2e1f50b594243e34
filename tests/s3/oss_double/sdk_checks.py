"""What the vendor's SDKs (V4: alibabacloud-oss-v2, V1: oss2) see of the double.

Usage: sdk_checks.py URL
"""
import base64
import datetime
import hashlib
import sys
import urllib.error
import urllib.request

import alibabacloud_oss_v2 as oss
import oss2
from alibabacloud_oss_v2.crc import Crc64

from oss_double import identities

URL = sys.argv[1]
PART = 100 << 10
# Not "/../", which urllib3 squashes after the SDKs have signed it.
ODD_KEYS = ["plain", "a b+c%41", "käse/日本", "x//y", "tail/", "q?&=#", "<&>\"'", "~-._*()!"]


def check(condition, sentence):
    if not condition:
        raise AssertionError(sentence)


def v4(principal=identities.FULL, region=identities.REGION, secret=None):
    config = oss.config.load_default()
    config.credentials_provider = oss.credentials.StaticCredentialsProvider(
        principal.key_id, secret or principal.secret, principal.token or None)
    config.region, config.endpoint, config.retry_max_attempts = region, URL, 1
    return oss.Client(config)


def v1(bucket, principal=identities.FULL):
    auth = oss2.StsAuth(principal.key_id, principal.secret, principal.token) if principal.token \
        else oss2.Auth(principal.key_id, principal.secret)
    return oss2.Bucket(auth, URL, bucket)


def refusal(call, *arguments):
    """The service's error of a call that must fail."""
    try:
        call(*arguments)
    except oss.exceptions.OperationError as error:
        return error.unwrap()
    except oss2.exceptions.ServerError as error:
        return error
    raise AssertionError(f"{call} was not refused")


def crc(data):
    sum_ = Crc64(0)
    sum_.update(data)
    return sum_.sum64()


def objects_there_and_back():
    client = v4()
    client.put_bucket(oss.PutBucketRequest(bucket="objects"))
    old = v1("objects")
    for number, key in enumerate(ODD_KEYS):
        data = key.encode() * (number + 1)
        put = client.put_object(oss.PutObjectRequest(bucket="objects", key=key, body=data))
        check(put.etag == f'"{hashlib.md5(data).hexdigest().upper()}"', f"{key}: ETag {put.etag}")
        check(int(put.hash_crc64) == crc(data), f"{key}: CRC {put.hash_crc64}")
        check(client.get_object(oss.GetObjectRequest(bucket="objects", key=key)).body.content ==
              data, f"{key}: by V4")
        check(old.get_object(key).read() == data, f"{key}: by V1")
        old.put_object(key, data)
    expected = sorted(ODD_KEYS, key=str.encode)
    for token in (None, "after"):
        listed = client.list_objects_v2(oss.ListObjectsV2Request(
            bucket="objects", encoding_type="url", start_after=token))
        keys = [entry.key for entry in listed.contents]
        check(keys == [key for key in expected if key > (token or "")], f"listed {keys}")
    check([entry.key for entry in oss2.ObjectIterator(old, max_keys=3)] == expected, "V1 pages")
    check([entry.key for entry in oss2.ObjectIteratorV2(old, max_keys=3)] == expected, "V2 pages")
    grouped = old.list_objects_v2(delimiter="/")
    check(grouped.prefix_list == ["käse/", "tail/", "x/"], f"prefixes {grouped.prefix_list}")


def ranges():
    client = v4()
    client.put_bucket(oss.PutBucketRequest(bucket="ranges"))
    client.put_object(oss.PutObjectRequest(bucket="ranges", key="ten", body=b"0123456789"))

    def get(range_header, standard):
        return client.get_object(oss.GetObjectRequest(
            bucket="ranges", key="ten", range_header=range_header,
            range_behavior="standard" if standard else None))

    for text, standard, status, body in (("bytes=2-4", False, 206, b"234"),
                                         ("bytes=5-", False, 206, b"56789"),
                                         ("bytes=-3", False, 206, b"789"),
                                         ("bytes=5-99", False, 200, b"0123456789"),
                                         ("bytes=50-99", False, 200, b"0123456789"),
                                         ("bytes=5-99", True, 206, b"56789")):
        answer = get(text, standard)
        check((answer.status_code, answer.body.content) == (status, body), f"{text}: {answer}")
        check(int(answer.hash_crc64) == crc(b"0123456789"), f"{text}: the CRC is of the whole")
    check(refusal(get, "bytes=50-99", True).code == "InvalidRange", "behind the end")


def conditions():
    client, old = v4(), v1("conditions")
    client.put_bucket(oss.PutBucketRequest(bucket="conditions"))
    etag = client.put_object(oss.PutObjectRequest(bucket="conditions", key="k", body=b"1")).etag
    check(refusal(client.put_object, oss.PutObjectRequest(
        bucket="conditions", key="k", body=b"2", forbid_overwrite=True)).code ==
        "FileAlreadyExists", "put if absent")
    client.get_object(oss.GetObjectRequest(bucket="conditions", key="k", if_match=etag.lower()))
    check(refusal(client.get_object, oss.GetObjectRequest(
        bucket="conditions", key="k", if_match='"0"')).code == "PreconditionFailed", "If-Match")
    check(refusal(client.copy_object, oss.CopyObjectRequest(
        bucket="conditions", key="copy", source_key="k", if_match='"0"')).code ==
        "PreconditionFailed", "If-Match of a copy")
    client.copy_object(oss.CopyObjectRequest(bucket="conditions", key="a b", source_key="k",
                                             if_match=etag))
    check(old.get_object("a b").read() == b"1", "the copy")
    head = refusal(client.head_object, oss.HeadObjectRequest(bucket="conditions", key="none"))
    check((head.code, head.ec) == ("NoSuchKey", "0026-00000001"), f"an error of HEAD: {head}")
    deleted = old.batch_delete_objects(["a b", "k", "never there"])
    check(len(deleted.deleted_keys) == 3 and not old.object_exists("k"), "deleted")


def multipart():
    client, old = v4(), v1("multipart")
    client.put_bucket(oss.PutBucketRequest(bucket="multipart"))
    data = bytes(range(256)) * 1000
    key = "a+b/ü"
    upload = client.initiate_multipart_upload(oss.InitiateMultipartUploadRequest(
        bucket="multipart", key=key)).upload_id
    parts = []
    for number in range(3):
        body = data[number * PART:(number + 1) * PART]
        part = client.upload_part(oss.UploadPartRequest(
            bucket="multipart", key=key, part_number=number + 1, upload_id=upload, body=body))
        check(int(part.hash_crc64) == crc(body), "CRC of a part")
        parts.append(oss.UploadPart(part_number=number + 1, etag=part.etag))
    listed = old.list_parts(key, upload, max_parts=2)
    check([(part.part_number, part.size) for part in listed.parts] == [(1, PART), (2, PART)] and
          listed.is_truncated, "listed parts")
    listed = client.list_parts(oss.ListPartsRequest(bucket="multipart", key=key, upload_id=upload))
    check(int(listed.parts[0].hash_crc64) == crc(data[:PART]), "CRC of a listed part")
    check([entry.key for entry in oss2.MultipartUploadIterator(old)] == [key], "listed uploads")

    def complete(list_):
        return client.complete_multipart_upload(oss.CompleteMultipartUploadRequest(
            bucket="multipart", key=key, upload_id=upload,
            complete_multipart_upload=oss.CompleteMultipartUpload(parts=list_)))

    check(refusal(complete, parts[::-1]).code == "InvalidPartOrder", "parts out of order")
    check(int(complete(parts).hash_crc64) == crc(data), "CRC of the whole")
    check(refusal(complete, parts).code == "NoSuchUpload", "completed twice")
    check(old.get_object(key).read() == data, "the bytes")
    copied = old.init_multipart_upload("copied").upload_id
    first = old.upload_part_copy("multipart", key, (0, PART - 1), "copied", copied, 1)
    small = old.upload_part("copied", copied, 2, b"small")
    last = old.upload_part("copied", copied, 3, b"last")
    made = [oss2.models.PartInfo(number + 1, part.etag, part_crc=None) for number, part in
            enumerate((first, small, last))]
    error = refusal(old.complete_multipart_upload, "copied", copied, made)
    check(error.code == "EntityTooSmall", f"a small part in the middle: {error.code}")
    old.complete_multipart_upload("copied", copied, made[:2])
    check(old.get_object("copied").read() == data[:PART] + b"small", "parts that were copied")
    gone = old.init_multipart_upload("gone").upload_id
    error = refusal(old.upload_part, "gone", gone, 10_001, b"x")
    check(error.code == "InvalidArgument", f"part 10,001: {error.code}")
    old.abort_multipart_upload("gone", gone)
    check(not list(oss2.MultipartUploadIterator(old)), "an upload is left")


def principals():
    client = v4()
    client.put_bucket(oss.PutBucketRequest(bucket="principals"))
    put = oss.PutObjectRequest(bucket="principals", key="k", body=b"x")
    get = oss.GetObjectRequest(bucket="principals", key="k")
    list_ = oss.ListObjectsV2Request(bucket="principals")
    delete = oss.DeleteObjectRequest(bucket="principals", key="other")
    client.put_object(put)
    for principal, may in ((identities.READ_ONLY, "get list_objects_v2"),
                           (identities.GET_ONLY, "get"),
                           (identities.NO_DELETE, "get list_objects_v2 put"),
                           (identities.STS, "get list_objects_v2 put delete")):
        asking = v4(principal)
        for name, call, what in (("get", asking.get_object, get), ("put", asking.put_object, put),
                                 ("list_objects_v2", asking.list_objects_v2, list_),
                                 ("delete", asking.delete_object, delete)):
            if name in may.split():
                call(what)
            else:
                error = refusal(call, what)
                check((error.code, error.ec) == ("AccessDenied", "0003-00000001"),
                      f"{principal.name} {name}: {error}")
    v1("principals", identities.STS).get_object("k")
    for asking, code in ((v4(identities.STS_EXPIRED), "SecurityTokenExpired"),
                         (v4(secret="wrong"), "SignatureDoesNotMatch"),
                         (v4(region="cn-beijing"), "InvalidArgument"),
                         (v4(identities.Principal("", "LTAInobody", "x")), "InvalidAccessKeyId")):
        check(refusal(asking.get_object, get).code == code, f"{code} is not the answer")


def status_of(url, method="GET", headers=None, body=None):
    request = urllib.request.Request(url, body, headers or {}, method=method)
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def urls():
    client, old = v4(), v1("urls")
    client.put_bucket(oss.PutBucketRequest(bucket="urls"))
    client.put_object(oss.PutObjectRequest(bucket="urls", key="a b", body=b"x"))
    new_url = client.presign(oss.GetObjectRequest(bucket="urls", key="a b"),
                             expires=datetime.timedelta(minutes=5)).url
    old_url = old.sign_url("GET", "a b", 300)
    for url in (new_url, old_url):
        check(status_of(url) == 200, f"{url} is refused")
        check(status_of(url, "DELETE") == 403, f"{url} serves another method")
        check(status_of(url[:-6] + "AAAA%3D") == 403, f"{url} needs no signature")
    check(status_of(f"{URL}/urls/a%20b") == 403, "an anonymous request")
    check(status_of(f"{URL}/urls/a%20b", headers={"Authorization": "OSS4-HMAC-SHA256 x"}) == 400,
          "a malformed signature")


def digests():
    old = v1("digests")
    v4().put_bucket(oss.PutBucketRequest(bucket="digests"))
    wrong = base64.b64encode(hashlib.md5(b"other").digest()).decode()
    error = refusal(lambda: old.put_object("k", b"x", headers={"Content-MD5": wrong}))
    check(error.code == "InvalidDigest", f"another digest: {error.code}")
    old.put_object("cold", b"x", headers={"x-oss-storage-class": "Archive"})
    check(refusal(old.get_object, "cold").code == "InvalidObjectState", "an archived object")
    check(old.list_objects().object_list[0].storage_class == "Archive", "its class in a listing")


def symbolic_links():
    old = v1("links")
    v4().put_bucket(oss.PutBucketRequest(bucket="links"))
    old.put_object("target", b"0123456789")
    old.put_symlink("target", "link")
    check(old.get_object("link").read() == b"0123456789", "the target's bytes")
    check(old.head_object("link").content_length == 10, "the target's size")
    listed = old.list_objects(prefix="link").object_list[0]
    check((listed.type, listed.size) == ("Symlink", 0), "in a listing it is none of these")
    old.put_symlink("absent", "dangling")
    check(refusal(old.get_object, "dangling").code == "SymlinkTargetNotExist", "without a target")


def main():
    for test in (objects_there_and_back, ranges, conditions, multipart, principals, urls, digests,
                 symbolic_links):
        print(test.__name__, flush=True)
        test()


if __name__ == "__main__":
    main()
