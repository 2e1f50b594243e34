"""What the double knows: buckets, objects, unfinished uploads."""
import dataclasses
import threading
import uuid

from .contents import Content
from .errors import OssError


@dataclasses.dataclass
class Object:
    content: Content
    etag: str  # upper-case hex, without quotes
    crc: int
    kind: str  # Normal, Multipart, Symlink
    modified: int  # seconds since the epoch
    headers: dict  # what comes back with GET and HEAD
    target: str = ""  # of a symbolic link

    @property
    def size(self):
        return self.content.size

    @property
    def storage_class(self):
        return self.headers.get("x-oss-storage-class", "Standard")


@dataclasses.dataclass
class Part:
    content: Content
    etag: str
    crc: int
    modified: int


@dataclasses.dataclass
class Upload:
    id: str
    key: str
    initiated: int
    headers: dict
    parts: dict = dataclasses.field(default_factory=dict)  # by number


@dataclasses.dataclass
class Bucket:
    name: str
    acl: str = "private"
    policy: dict = dataclasses.field(default_factory=dict)
    objects: dict = dataclasses.field(default_factory=dict)
    uploads: dict = dataclasses.field(default_factory=dict)  # by id

    def object(self, key):
        if key not in self.objects:
            raise OssError("NoSuchKey", Key=key)
        return self.objects[key]

    def upload(self, key, upload_id):
        upload = self.uploads.get(upload_id)
        if not upload or upload.key != key:
            raise OssError("NoSuchUpload", UploadId=upload_id)
        return upload

    def start_upload(self, key, now, headers):
        upload = Upload(uuid.uuid4().hex.upper(), key, now, headers)
        self.uploads[upload.id] = upload
        return upload

    def place(self, key, made, forbid_overwrite):
        if forbid_overwrite and key in self.objects:
            raise OssError("FileAlreadyExists", Key=key)
        self.objects[key] = made


class State:
    """Guarded by `lock`, which nobody holds while bytes move."""

    def __init__(self, directory, clock):
        self.directory = directory
        self.clock = clock  # seconds since the epoch, an int
        self.lock = threading.RLock()
        self.buckets = {}

    def bucket(self, name):
        if name not in self.buckets:
            raise OssError("NoSuchBucket", BucketName=name)
        return self.buckets[name]
