"""The legacy Python SDK, unchanged: aliyun-python-sdk-core, -ecs, -vpc."""

import json
import sys

from aliyunsdkcore.acs_exception.exceptions import ServerException
from aliyunsdkcore.client import AcsClient
from aliyunsdkecs.request.v20140526 import (
    AllocatePublicIpAddressRequest,
    AuthorizeSecurityGroupRequest,
    CreateInstanceRequest,
    CreateSecurityGroupRequest,
    DeleteInstanceRequest,
    DescribeInstancesRequest,
    DescribeInstanceStatusRequest,
    RunInstancesRequest,
    StartInstanceRequest,
    StopInstanceRequest,
    TagResourcesRequest,
)
from aliyunsdkvpc.request.v20160428 import CreateVpcRequest, CreateVSwitchRequest, DescribeVpcAttributeRequest
from aliyunsdkvpc.request.v20160428 import DescribeVSwitchAttributesRequest

from checks import Checks, same, wait_until

HOST, PORT = sys.argv[1], int(sys.argv[2])
client = AcsClient("testid", "testsecret", "cn-hangzhou", port=PORT)
checks = Checks("legacy python")
IMAGE = "aliyun_3_x64_20G_alibase_20240819.vhd"


def send(module, **values):
    name = module.__name__.rsplit(".", 1)[1]
    request = getattr(module, name)()
    request.set_endpoint(HOST)
    request.set_protocol_type("http")
    request.set_accept_format("json")
    for key, value in values.items():
        getattr(request, f"set_{key}")(value)
    return json.loads(client.do_action_with_exception(request))


def refusal(function):
    try:
        function()
    except ServerException as error:
        return error.get_http_status(), error.get_error_code()
    raise AssertionError("it was not refused")


def network():
    vpc = send(CreateVpcRequest, CidrBlock="10.0.0.0/8", VpcName="old 中文 ~*+/=&?%")["VpcId"]
    wait_until("the VPC", lambda: send(DescribeVpcAttributeRequest, VpcId=vpc)["Status"] == "Available")
    same(send(DescribeVpcAttributeRequest, VpcId=vpc)["VpcName"], "old 中文 ~*+/=&?%")
    vswitch = send(CreateVSwitchRequest, VpcId=vpc, ZoneId="cn-hangzhou-h", CidrBlock="10.0.0.0/16")["VSwitchId"]
    wait_until("the vSwitch", lambda: send(DescribeVSwitchAttributesRequest, VSwitchId=vswitch)["Status"] == "Available")
    group = send(CreateSecurityGroupRequest, VpcId=vpc)["SecurityGroupId"]
    rule = {"SecurityGroupId": group, "IpProtocol": "tcp", "PortRange": "22/22", "SourceCidrIp": "10.0.0.0/8"}
    send(AuthorizeSecurityGroupRequest, **rule)
    return vswitch, group


vswitch, group = checks.check("a network", network) or ("", "")


def status(instance):
    found = send(DescribeInstancesRequest, InstanceIds=json.dumps([instance]))["Instances"]["Instance"]
    return found[0]["Status"] if found else None


def server():
    made = send(
        CreateInstanceRequest,
        ImageId=IMAGE,
        InstanceType="ecs.g7.large",
        SecurityGroupId=group,
        VSwitchId=vswitch,
        InternetMaxBandwidthOut=5,
        ClientToken="legacy-1",
        DeletionProtection=False,
    )
    return made["InstanceId"]


instance = checks.check("create an instance", server)
checks.check("the same token gives the same instance", lambda: same(server(), instance))
checks.check("poll until it is stopped", lambda: wait_until("Stopped", lambda: status(instance) == "Stopped"))
checks.check("give it an address", lambda: send(AllocatePublicIpAddressRequest, InstanceId=instance)["IpAddress"])
checks.check("start it", lambda: send(StartInstanceRequest, InstanceId=instance))
checks.check("poll until it runs", lambda: wait_until("Running", lambda: status(instance) == "Running"))


def tag():
    send(
        TagResourcesRequest,
        ResourceType="instance",
        ResourceIds=[instance],
        Tags=[{"Key": "a b", "Value": "~*+中"}],
    )
    found = send(DescribeInstancesRequest, Tags=[{"Key": "a b", "Value": "~*+中"}])
    same([row["InstanceId"] for row in found["Instances"]["Instance"]], [instance])


checks.check("tag it and find it by its tag", tag)
checks.check("stop it", lambda: send(StopInstanceRequest, InstanceId=instance))
checks.check(
    "a wrong state is a 403",
    lambda: same(refusal(lambda: send(StopInstanceRequest, InstanceId=instance)), (403, "IncorrectInstanceStatus")),
)
checks.check("poll until it is stopped again", lambda: wait_until("Stopped", lambda: status(instance) == "Stopped"))
checks.check("delete it", lambda: send(DeleteInstanceRequest, InstanceId=instance))
checks.check("poll until it is gone", lambda: wait_until("absence", lambda: status(instance) is None))


def many():
    for _ in range(5):
        send(
            RunInstancesRequest,
            ImageId=IMAGE,
            InstanceType="ecs.g7.large",
            SecurityGroupId=group,
            VSwitchId=vswitch,
            Amount=50,
        )
    seen = []
    for page in range(1, 6):
        body = send(DescribeInstancesRequest, PageNumber=page, PageSize=50)
        same(body["TotalCount"], 250)
        seen += [row["InstanceId"] for row in body["Instances"]["Instance"]]
    same((len(seen), len(set(seen))), (250, 250))
    statuses = send(DescribeInstanceStatusRequest, PageSize=50, PageNumber=5)
    same(len(statuses["InstanceStatuses"]["InstanceStatus"]), 50)


checks.check("page through 250 instances", many)
checks.check(
    "101 ids are refused",
    lambda: same(
        refusal(lambda: send(DescribeInstancesRequest, InstanceIds=json.dumps(["i-x"] * 101))),
        (400, "InvalidParameter"),
    ),
)


def wrong_secret():
    global client
    good, client = client, AcsClient("testid", "wrong", "cn-hangzhou", port=PORT)
    try:
        # The SDK compares its string to sign with the one in the message and renames the code.
        return refusal(lambda: send(DescribeInstancesRequest))[1]
    finally:
        client = good


checks.check("a wrong secret is told from a wrong signature", lambda: same(wrong_secret(), "InvalidAccessKeySecret"))
