"""Errors as OSS says them.

EC codes are those of the vendor's troubleshooting pages; where none is known there is none here.
"""
import base64
from xml.sax.saxutils import escape

# Code -> (status, EC, message).
_KNOWN = {
    "AccessDenied": (403, "0003-00000001", "You have no right to access this object because of "
                                           "bucket acl."),
    "BucketNotEmpty": (409, "", "The bucket you tried to delete is not empty."),
    "EntityTooLarge": (400, "", "Your proposed upload exceeds the maximum allowed size."),
    "EntityTooSmall": (400, "", "Your proposed upload is smaller than the minimum allowed size."),
    "FileAlreadyExists": (409, "", "The object you specified already exists and can not be "
                                   "overwritten."),
    "IncompleteBody": (400, "", "The body is shorter than Content-Length says."),
    "InvalidAccessKeyId": (403, "0002-00000902", "The OSS Access Key Id you provided does not "
                                                 "exist in our records."),
    "InvalidArgument": (400, "", "An argument is invalid."),
    "InvalidBucketName": (400, "", "The specified bucket is not valid."),
    "InvalidDigest": (400, "", "The Content-MD5 you specified was invalid."),
    "InvalidObjectName": (400, "", "The specified object is not valid."),
    "InvalidObjectState": (403, "", "The operation is not valid for the object's state."),
    "InvalidPart": (400, "", "One or more of the specified parts could not be found or the "
                             "specified entity tag might not have matched the part's entity tag."),
    "InvalidPartOrder": (400, "", "The list of parts was not in ascending order."),
    "InvalidPolicyDocument": (400, "", "The policy is invalid."),
    "InvalidRange": (416, "", "The requested range cannot be satisfied."),
    "InvalidSecurityToken": (403, "", "The security token you provided is invalid."),
    "InvalidTargetType": (400, "", "The target of the symbolic link is one itself."),
    "MalformedXML": (400, "", "The XML you provided was not well-formed."),
    "MethodNotAllowed": (405, "", "The specified method is not allowed against this resource."),
    "MissingContentLength": (411, "", "You must provide the Content-Length HTTP header."),
    "NoSuchBucket": (404, "0015-00000101", "The specified bucket does not exist."),
    "NoSuchKey": (404, "0026-00000001", "The specified key does not exist."),
    "NoSuchUpload": (404, "", "The specified upload does not exist."),
    "NotImplemented": (501, "", "The double does not do this."),
    "NotModified": (304, "", ""),
    "PreconditionFailed": (412, "", "At least one of the pre-conditions you specified did not "
                                    "hold."),
    "RequestTimeTooSkewed": (403, "0002-00000504", "The difference between the request time and "
                                                   "the current time is too large."),
    "SecondLevelDomainForbidden": (403, "", "The bucket you are attempting to access must be "
                                            "addressed using OSS third level domain."),
    "SecurityTokenExpired": (403, "", "The security token you provided has expired."),
    "SignatureDoesNotMatch": (403, "0002-00000040", "The request signature we calculated does not "
                                                    "match the signature you provided. Check your "
                                                    "key and signing method."),
    "SymlinkTargetNotExist": (404, "", "The target of the symbolic link does not exist."),
}


class OssError(Exception):
    """`more`: further elements of the body and, for 304 and 416, headers."""

    def __init__(self, code, message="", ec=None, headers=(), **more):
        super().__init__(code)
        self.code = code
        self.status, known_ec, known_message = _KNOWN[code]
        self.message = message or known_message
        self.ec = known_ec if ec is None else ec
        self.headers = list(headers)
        self.more = more

    def xml(self, request_id, host):
        fields = {"Code": self.code, "Message": self.message, "RequestId": request_id,
                  "HostId": host, **self.more}
        if self.ec:
            fields["EC"] = self.ec
            fields["RecommendDoc"] = f"https://api.aliyun.com/troubleshoot?q={self.ec}"
        body = "".join(f"<{name}>{escape(str(value))}</{name}>" for name, value in fields.items())
        return f'<?xml version="1.0" encoding="UTF-8"?>\n<Error>{body}</Error>'.encode()

    def header_value(self, body):
        """What x-oss-err says where there is no body."""
        return base64.b64encode(body).decode()
