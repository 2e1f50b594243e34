"""A bucket of any number of objects of one byte, made up as they are asked for.

It looks at no signature.  ListObjectsV2, HEAD and GET are all that it knows.
"""
import http.server
import re
import socketserver
import threading
import urllib.parse

PAGE = 1000
ETAG = "9dd4e461268c8034f5c8564e155c67a6"  # of the one byte "x"


def key_of(number):
    return f"cp/0e5049abf57216494f7b88306f14bd1f/shared/{number:08d}-a5b8-4b6d-9c3e-0123456789ab"


def page(first, count):
    """The XML of the objects from number `first` on."""
    end = min(first + PAGE, count)
    objects = "".join(
        f"<Contents><Key>{key_of(number)}</Key><LastModified>2026-01-02T03:04:05.000Z"
        f"</LastModified><ETag>&quot;{ETAG}&quot;</ETag><Size>1</Size>"
        "<StorageClass>STANDARD</StorageClass></Contents>" for number in range(first, end))
    more = (f"<IsTruncated>true</IsTruncated><NextContinuationToken>{end}</NextContinuationToken>"
            if end < count else "<IsTruncated>false</IsTruncated>")
    return (f'<?xml version="1.0"?><ListBucketResult><EncodingType>url</EncodingType>{more}'
            f"{objects}</ListBucketResult>")


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, body, headers=()):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def do_GET(self):
        parts = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(parts.query, keep_blank_values=True))
        if "list-type" in query:
            if not key_of(0).startswith(query["prefix"]):
                return self.answer(200, page(0, 0).encode())
            first = int(query.get("continuation-token", 0))
            self.server.pages += 1
            return self.answer(200, page(first, self.server.count).encode())
        if not re.search(r"/shared/\d{8}-", parts.path):
            return self.answer(404, b"<Error><Code>NoSuchKey</Code></Error>")
        headers = [("ETag", f'"{ETAG}"'), ("Last-Modified", "Fri, 02 Jan 2026 03:04:05 GMT")]
        if "Range" in self.headers:
            return self.answer(206, b"x", [*headers, ("Content-Range", "bytes 0-0/1")])
        return self.answer(200, b"x", headers)

    do_HEAD = do_GET

    def log_message(self, *unused):
        pass


class ListingServer(socketserver.ThreadingMixIn, http.server.HTTPServer):
    """`with ListingServer(1000) as server:` serves at server.url."""
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, count):
        super().__init__(("127.0.0.1", 0), Handler)
        self.count, self.pages = count, 0
        self.url = f"http://127.0.0.1:{self.server_address[1]}"

    def __enter__(self):
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *unused):
        self.shutdown()
        self.server_close()
