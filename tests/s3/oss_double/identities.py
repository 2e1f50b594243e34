"""Who may ask the double, and for what.  Imported by tests as well: the standard library only."""
import dataclasses

REGION = "cn-hangzhou"
OWNER = "1234567890123456"

READ = frozenset({"oss:GetObject", "oss:ListObjects"})
WRITE = READ | {"oss:PutObject", "oss:AbortMultipartUpload", "oss:ListParts",
                "oss:ListMultipartUploads"}


@dataclasses.dataclass(frozen=True)
class Principal:
    name: str
    key_id: str
    secret: str
    token: str = ""
    expired: bool = False  # the token
    rights: frozenset = None  # actions as OSS's policies name them; None: all
    arn: str = ""  # what bucket policies call it

    def may(self, action):
        return self.rights is None or action in self.rights


FULL = Principal("full", "LTAIfull0000000000000000", "secret-of-the-full-principal")
READ_ONLY = Principal("read-only", "LTAIread0000000000000000", "secret-of-the-read-only-principal",
                      rights=READ)
GET_ONLY = Principal("get-only", "LTAIget00000000000000000", "secret-of-the-get-only-principal",
                     rights=frozenset({"oss:GetObject"}))
NO_DELETE = Principal("no-delete", "LTAIwrite000000000000000", "secret-of-the-no-delete-principal",
                      rights=WRITE)
STS = Principal("sts", "STS.Ntemporary0000000000", "secret-of-the-sts-principal",
                token="CAISa/token+of=the/sts+principal==")
STS_EXPIRED = Principal("sts-expired", "STS.Nexpired000000000000",
                        "secret-of-the-expired-principal",
                        token="CAISa/token+of=the/expired+principal==", expired=True)
# May do what a bucket's policy says.
GUEST = Principal("guest", "STS.Nguest00000000000000", "secret-of-the-guest",
                  token="CAISa/token+of=the/guest==", rights=frozenset(),
                  arn="arn:sts::1060219998962774:assumed-role/aliyunstreamasidefaultrole/"
                      "refresh_token")
ANONYMOUS = Principal("anonymous", "", "", rights=frozenset())

PRINCIPALS = (FULL, READ_ONLY, GET_ONLY, NO_DELETE, STS, STS_EXPIRED, GUEST)
