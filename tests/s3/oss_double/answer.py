"""What a handler gives back, and the XML in it."""
import dataclasses
import datetime
import email.utils
import urllib.parse
from xml.sax.saxutils import escape

from .contents import Content


@dataclasses.dataclass
class Answer:
    status: int = 200
    headers: list = dataclasses.field(default_factory=list)
    body: bytes = b""
    content: Content = None  # instead of `body`
    offset: int = 0
    size: int = 0  # of what is sent of `content`


def http_time(seconds):
    return email.utils.formatdate(seconds, usegmt=True)


def iso_time(seconds):
    """OSS always says .000."""
    utc = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)
    return utc.strftime("%Y-%m-%dT%H:%M:%S.000Z")


class Xml:
    """Elements in order.  `coded` texts are percent-encoded when the request asks for that."""

    def __init__(self, root, request):
        self.root, self.encode = root, request.query.get("encoding-type") == "url"
        self.lines = []
        if self.encode:
            self.text("EncodingType", "url")

    def text(self, name, value):
        self.lines.append(f"<{name}>{escape(str(value))}</{name}>")
        return self

    def coded(self, name, value):
        return self.text(name, urllib.parse.quote(value, safe="") if self.encode else value)

    def group(self, name, child):
        self.lines.append(f"<{name}>{''.join(child.lines)}</{name}>")
        return self

    def child(self):
        made = Xml.__new__(Xml)
        made.root, made.encode, made.lines = "", self.encode, []
        return made

    def answer(self, status=200, headers=()):
        body = (f'<?xml version="1.0" encoding="UTF-8"?>\n<{self.root}>{"".join(self.lines)}'
                f"</{self.root}>").encode()
        return Answer(status, [("Content-Type", "application/xml"), *headers], body)
