"""Requests to S3 as bytes: signed by botocore, sent and read by http.client, so that nothing a client library hides is hidden."""

import http.client

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials


class Reply:
    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers  # of a header that is not there: None
        self.data = response.read()


class Raw:
    """raw(method, path, body, headers) as the root of an account, or with another key; `later` are headers that are put in when all is signed."""

    def __init__(self, server, key, secret="x", region="us-east-1"):
        self.host = server.url.removeprefix("http://")
        self.credentials = Credentials(key, secret)
        self.region = region

    def __call__(self, method, path, body=b"", headers=None, host=None, later=None):
        request = AWSRequest(method=method, url=f"http://{host or self.host}{path}", data=body, headers=headers or {})
        request.context["payload_signing_enabled"] = True
        S3SigV4Auth(self.credentials, "s3", self.region).add_auth(request)
        connection = http.client.HTTPConnection(self.host, timeout=60)
        try:
            connection.request(method, path, body, {**dict(request.headers), **({"Host": host} if host else {}), **(later or {})})
            return Reply(connection.getresponse())
        finally:
            connection.close()
