#!/usr/bin/env python3
"""No secret is in anything that the program prints or leaves behind, wherever it came from.

Usage: secrets_test.py BINARY
Each kind of credentials is used for a copy there and back and for requests that are refused, with
everything logged; then all that was printed and all files of the home and the places are searched.
"""
import contextlib
import json
import os
import pathlib
import sys

import oss_signed
import servers
import signed
from fault_shapes import TokenService
from oss_double import identities
from program_test import MIB, Runner, Sandbox, check

STS = identities.STS


class Tokens:
    """As the services of credentials are asked for the newest one."""

    def __init__(self, token):
        self.current = lambda: token


def write(path, text):
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def aws_environment(_, env, stack):
    env.update({"AWS_ACCESS_KEY_ID": servers.ACCESS_KEY,
                "AWS_SECRET_ACCESS_KEY": servers.SECRET_KEY})
    return "", [servers.SECRET_KEY]


def aws_profile(sandbox, _, stack):
    write(sandbox.path("user/.aws/credentials"),
          f"[night]\naws_access_key_id = {servers.ACCESS_KEY}\n"
          f"aws_secret_access_key = {servers.SECRET_KEY}\n")
    return "?profile=night", [servers.SECRET_KEY]


def aws_program(sandbox, _, stack):
    answer = json.dumps({"Version": 1, "AccessKeyId": servers.ACCESS_KEY,
                         "SecretAccessKey": servers.SECRET_KEY})
    write(sandbox.path("user/.aws/config"),
          f"[profile made]\ncredential_process = echo '{answer}'\n")
    return "?profile=made", [servers.SECRET_KEY]


def aws_container(_, env, stack):
    # versitygw knows no sessions.
    service = stack.enter_context(
        TokenService(Tokens(""), servers.ACCESS_KEY, servers.SECRET_KEY, "Token"))
    env.update({"AWS_CONTAINER_CREDENTIALS_FULL_URI": service.url,
                "AWS_CONTAINER_AUTHORIZATION_TOKEN": "token-for-the-container-service"})
    return "", [servers.SECRET_KEY, "token-for-the-container-service"]


def oss_environment(_, env, stack):
    env.update({"OSS_ACCESS_KEY_ID": STS.key_id, "OSS_ACCESS_KEY_SECRET": STS.secret,
                "OSS_SESSION_TOKEN": STS.token})
    return "", [STS.secret, STS.token]


def oss_ossutil(sandbox, _, stack):
    write(sandbox.path("user/.ossutilconfig"),
          f"[Credentials]\naccessKeyID={STS.key_id}\naccessKeySecret={STS.secret}\n"
          f"stsToken={STS.token}\n")
    return "", [STS.secret, STS.token]


def oss_profile(sandbox, _, stack):
    write(sandbox.path("user/.aliyun/config.json"), json.dumps(
        {"current": "other", "profiles": [
            {"name": "night", "mode": "StsToken", "access_key_id": STS.key_id,
             "access_key_secret": STS.secret, "sts_token": STS.token}]}))
    return "?profile=night", [STS.secret, STS.token]


def oss_service(_, env, stack):
    service = stack.enter_context(
        TokenService(Tokens(STS.token), STS.key_id, STS.secret, "SecurityToken"))
    env["ALIBABA_CLOUD_CREDENTIALS_URI"] = service.url
    return "", [STS.secret, STS.token]


def our_places(sandbox, env, stack):
    """Keys that our own configuration holds, and those of which it says where they are."""
    write(sandbox.path("user/token"), STS.token + "\n")
    env["TEST_SECRET"] = STS.secret
    write(sandbox.path("user/.config/stateferry/config.yaml"), f"""places:
  written:
    prefix: oss://our-places
    endpoint: {env["OSS_ENDPOINT"]}
    region: {identities.REGION}
    access-key-id: {STS.key_id}
    secret-access-key: {STS.secret}
    session-token: {STS.token}
  elsewhere:
    prefix: [oss://our-places/again, oss://no-such-our-places]
    endpoint: {env["OSS_ENDPOINT"]}
    region: {identities.REGION}
    access-key-id: {STS.key_id}
    secret-access-key-variable: TEST_SECRET
    session-token-file: {sandbox.path("user/token")}
""")
    os.chmod(sandbox.path("user/.config/stateferry/config.yaml"), 0o600)
    return "", [STS.secret, STS.token]


class Searched:
    """Runs of the program whose every trace is searched."""

    def __init__(self, sandbox, env, secrets):
        self.sandbox, self.env = sandbox, env
        # Also as URLs have them, and what signatures look like in headers.
        self.secrets = {secret.encode() for secret in secrets} | {b"Signature="}
        self.secrets |= {secret.replace("/", "%2F").replace("=", "%3D").replace("+", "%2B").encode()
                         for secret in secrets}

    def run(self, *words, ok=True):
        done = self.sandbox.run([*words, "--log-level", "debug"], env=self.env, timeout=300)
        check(ok in (None, done.returncode == 0), f"{words}: exit {done.returncode}\n"
                                                  f"{done.stderr[-2000:].decode()}")
        self.search(done.stdout + done.stderr, f"what {words} printed")
        for path in pathlib.Path(self.sandbox.dir).rglob("*"):
            if path.is_file() and "user" not in path.relative_to(self.sandbox.dir).parts:
                self.search(path.read_bytes(), path)
        return done

    def search(self, data, where):
        for secret in self.secrets:
            check(secret not in data, f"a secret ({secret[:9]}...) is in {where}")


def kept_to_itself(binary, url, kind, api):
    with contextlib.ExitStack() as stack:
        sandbox = stack.enter_context(Sandbox(binary, snapshot=None))
        bucket = kind.__name__.replace("_", "-")
        Runner(sandbox, url, bucket, api)
        env = {name: value for name, value in api.environment(url).items()
               if "SECRET" not in name and "KEY_ID" not in name}
        options, secrets = kind(sandbox, env, stack)
        os.makedirs(sandbox.path("source"))
        pathlib.Path(sandbox.path("source/large")).write_bytes(b"x" * (11 * MIB))
        pathlib.Path(sandbox.path("source/small")).write_bytes(b"x")
        searched = Searched(sandbox, env, secrets)
        place = f"{api.SCHEME}://{bucket}/x{options}"
        parts = ("--part-size", "5MiB")
        searched.run("copy", "{DIR}/source", place, *parts, "--max-transfer", "6MiB", ok=False)
        searched.run("copy", "{DIR}/source", place, *parts, "--output", "json")
        searched.run("copy", place, "{DIR}/back", *parts)
        searched.run("transfer", "list", "--output", "json")
        searched.run("config", "list-places")
        searched.run("store", "check", place)
        searched.run("copy", "{DIR}/source", f"{api.SCHEME}://no-such-{bucket}/x{options}",
                     ok=False)
        # Refused, or followed to where the service says that it is.
        env["AWS_REGION" if api is signed else "OSS_REGION"] = "elsewhere"
        again = place.replace("/x", "/again", 1)
        searched.run("copy", "{DIR}/source", again, ok=None)


KINDS = {"versitygw": (aws_environment, aws_profile, aws_program, aws_container),
         servers.OSS: (oss_environment, oss_ossutil, oss_profile, oss_service,
                      our_places)}


def on(name):
    with servers.serving(name) as url:
        for kind in KINDS[name]:
            print(kind.__name__, flush=True)
            kept_to_itself(sys.argv[1], url, kind, oss_signed if name == servers.OSS else signed)


def main():
    servers.test_each(KINDS, on)


if __name__ == "__main__":
    main()
