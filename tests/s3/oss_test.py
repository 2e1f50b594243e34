#!/usr/bin/env python3
"""The program and the double of OSS: who may do what, other clocks, regions and credentials.

Usage: oss_test.py BINARY
"""
import json
import os
import pathlib
import sys

import oss_signed
import servers
from oss_double import identities
from program_test import Runner, Sandbox, check


def runner_as(sandbox, url, principal=identities.FULL, **more):
    runner = Runner(sandbox, url, "places", oss_signed)
    runner.env = {**servers.oss_environment(url, principal), **more}
    runner.secrets = [value.encode() for value in (principal.secret, principal.token) if value]
    return runner


def some_files(sandbox):
    for name, size in (("small", 10), ("large", 300 << 10)):
        path = pathlib.Path(sandbox.path("source", name))
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(os.urandom(size))


def there_and_back(runner, place):
    runner.run("copy", "{DIR}/source", place, "--part-size", "128KiB")
    runner.run("copy", place, "{DIR}/back", "--part-size", "128KiB")
    for name in ("small", "large"):
        with open(runner.sandbox.path("source", name), "rb") as sent, \
                open(runner.sandbox.path("back", name), "rb") as got:
            check(sent.read() == got.read(), f"{name} has other bytes")


def with_a_token(binary, url):
    with Sandbox(binary, snapshot=None) as sandbox:
        some_files(sandbox)
        there_and_back(runner_as(sandbox, url, identities.STS), "oss://places/token")


def without_deleting(binary, url):
    """Moving snapshots deletes nothing."""
    with Sandbox(binary, snapshot=None) as sandbox:
        some_files(sandbox)
        there_and_back(runner_as(sandbox, url, identities.NO_DELETE), "oss://places/no-delete")


def symbolic_links(binary, url):
    """What they point to arrives under their names."""
    with Sandbox(binary, snapshot=None) as sandbox:
        runner = runner_as(sandbox, url)
        some_files(sandbox)
        runner.run("copy", "{DIR}/source", "oss://places/targets")
        for key, target in (("links/one", "targets/large"), ("links/two", "targets/small")):
            status, body = oss_signed.put_symlink(url, "places", key, target)
            check(status == 200, f"linking: {status} {body}")
        runner.run("copy", "oss://places/links", "{DIR}/links")
        for name, target in (("one", "large"), ("two", "small")):
            with open(sandbox.path("links", name), "rb") as got, \
                    open(sandbox.path("source", target), "rb") as sent:
                check(got.read() == sent.read(), f"{name} is not {target}")


def told_apart(binary, url):
    """Each refusal by its own code, with the service's finer one, and without a secret."""
    wrong = identities.Principal("", identities.FULL.key_id, "wrong")
    nobody = identities.Principal("", "LTAInobody", "wrong")
    with Sandbox(binary, snapshot=None) as sandbox:
        some_files(sandbox)
        cases = (("oss://places/x", identities.STS_EXPIRED, {}, 5, "SecurityTokenExpired"),
                 ("oss://places/x", wrong, {}, 5, "SignatureDoesNotMatch 0002-00000040"),
                 ("oss://places/x", nobody, {}, 5, "InvalidAccessKeyId 0002-00000902"),
                 ("oss://places/x", identities.READ_ONLY, {}, 5, "AccessDenied 0003-00000001"),
                 ("oss://places/x", identities.FULL, {"OSS_REGION": "cn-beijing"}, 4,
                  "InvalidArgument 0002-00000226"),
                 ("oss://absent-place/x", identities.FULL, {}, 6, "NoSuchBucket 0015-00000101"))
        for place, principal, more, code, words in cases:
            told = runner_as(sandbox, url, principal, **more).run("copy", "{DIR}/source", place,
                                                                  code=code)
            check(words in str(told), f"{words} is not told: {told}")


def in_another_region(binary, url):
    """The service says where the bucket is, and there it is asked, with HEAD as well."""
    with Sandbox(binary, snapshot=None) as sandbox:
        some_files(sandbox)
        elsewhere = {"OSS_REGION": "", "OSS_ENDPOINT": "http://oss-cn-beijing.aliyuncs.com",
                     "http_proxy": url}
        runner = runner_as(sandbox, url, identities.STS, **elsewhere)
        there_and_back(runner, "oss://places/another-region")
        runner.run("verify", "oss://places/another-region", "--level", "list")
        # A name that is none of the service's own leads nowhere else.
        port = url.rsplit(":", 1)[1]
        runner.env["OSS_ENDPOINT"] = f"http://oss-cn-beijing.localhost:{port}"
        runner.env["OSS_REGION"] = "cn-beijing"
        told = runner.run("copy", "{DIR}/source", "oss://places/nowhere", code=5)
        check("oss-cn-hangzhou.localhost" in told["hint"], f"where it is is not told: {told}")


def each_side_has_its_own_keys(binary, url):
    """Of the configuration, by name and by prefix; the environment has none."""
    reader, writer, token = identities.READ_ONLY, identities.FULL, identities.STS
    with Sandbox(binary, snapshot=None) as sandbox:
        some_files(sandbox)
        runner = runner_as(sandbox, url)
        usual = {name: runner.env.pop(name) for name in list(runner.env)}
        runner.secrets = [value.encode() for value in (reader.secret, writer.secret, token.secret,
                                                       token.token)]
        at = f"endpoint: {usual['OSS_ENDPOINT']}\n    region: {identities.REGION}\n"
        path = pathlib.Path(sandbox.path("user/.config/stateferry/config.yaml"))
        path.parent.mkdir(parents=True)
        path.write_text(f"""places:
  reader:
    {at}    access-key-id: {reader.key_id}
    secret-access-key: {reader.secret}
  writer:
    prefix: oss://places/written
    {at}    access-key-id-variable: WRITER_ID
    secret-access-key-file: writer.key
  process:
    {at}    credential-process: sh print-keys.sh
""")
        path.chmod(0o600)
        (path.parent / "writer.key").write_text(writer.secret + "\n")
        keys = json.dumps({"Version": 1, "AccessKeyId": token.key_id, "SecretAccessKey": token.secret,
                           "SessionToken": token.token})
        pathlib.Path(sandbox.path("print-keys.sh")).write_text(f"echo '{keys}'\n")
        runner.env["WRITER_ID"] = writer.key_id
        told = runner.run("copy", "{DIR}/source", "oss://places/x?profile=reader", code=5)
        check("AccessDenied" in told["message"], f"written with the keys of a reader: {told}")
        there_and_back(runner, "oss://places/written/one")
        runner.run("copy", "oss://places/written/one?profile=reader",
                   "oss://places/other?profile=process", "--part-size", "128KiB")
        # Elsewhere, and later: the place is known by its name.
        runner.run("copy", "oss://places/written/one?profile=reader", "oss://places/written/two",
                   "--part-size", "128KiB", "--max-transfer", "1KiB", code=10)
        listed = sandbox.run(["transfer", "list", "--output", "json"], env=runner.env).stdout
        stopped, = [json.loads(line)["id"] for line in listed.splitlines() if b"written/two" in line]
        runner.run("transfer", "resume", stopped)
        told = runner.run("store", "check", "oss://places/written", "--read-only")
        check(told["summary"]["identity"].startswith("LTAI... (place writer of "), f"{told}")
        del runner.env["WRITER_ID"]
        told = runner.run("copy", "{DIR}/source", "oss://places/written/x", code=5)
        check("access-key-id-variable is WRITER_ID, which is not set" in told["message"], f"{told}")
        runner.run("config", "list-places")
        runner.run("config", "get")
        for found in pathlib.Path(sandbox.path("home")).rglob("*"):
            content = found.read_bytes() if found.is_file() else b""
            check(not any(secret in content for secret in runner.secrets), f"a secret is in {found}")
        path.chmod(0o640)
        shown = sandbox.run(["config", "list-places"], env=runner.env).stderr.decode()
        check("chmod 600" in shown, f"no warning of what others may read: {shown}")


def another_clock(binary):
    """One hour is more than the service bears: the program takes over its time."""
    with servers.serving(servers.OSS, ["--clock-offset", "3600"]) as url, \
            Sandbox(binary, snapshot=None) as sandbox:
        some_files(sandbox)
        runner = Runner(sandbox, url, "clocks", oss_signed_ahead)
        there_and_back(runner, "oss://clocks/x")


class oss_signed_ahead:
    """oss_signed for a service whose clock is one hour ahead."""
    environment = servers.oss_environment

    @staticmethod
    def make_bucket(url, name):
        oss_signed.make_bucket(url, name, ahead_s=3600)


def main():
    try:
        with servers.serving(servers.OSS) as url:
            for test in (with_a_token, without_deleting, symbolic_links, told_apart,
                         in_another_region, each_side_has_its_own_keys):
                print(test.__name__, flush=True)
                test(sys.argv[1], url)
        print("another_clock", flush=True)
        another_clock(sys.argv[1])
    except servers.Unavailable as why:
        servers.missing(servers.OSS, why)
        sys.exit(servers.SKIPPED)


if __name__ == "__main__":
    main()
