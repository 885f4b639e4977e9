"""The style of 2016: aliyun-python-sdk-ecs 2.1.2, do_action, JSON asked for, everything on the classic network."""

import json
import sys

from aliyunsdkcore import client as sdk
from aliyunsdkecs.request.v20140526 import (
    AllocatePublicIpAddressRequest,
    CreateInstanceRequest,
    CreateSecurityGroupRequest,
    DeleteInstanceRequest,
    DescribeInstancesRequest,
    StartInstanceRequest,
    StopInstanceRequest,
)

from checks import Checks, same, wait_until

HOST, PORT = sys.argv[1], int(sys.argv[2])
clt = sdk.AcsClient("testid", "testsecret", "cn-beijing", port=PORT)
checks = Checks("old style python")


def send(request):
    request.set_endpoint(HOST)
    request.set_protocol_type("http")
    request.set_accept_format("json")
    body = json.loads(clt.do_action(request))
    if "Code" in body:
        raise RuntimeError(body["Code"])
    return body


def group():
    request = CreateSecurityGroupRequest.CreateSecurityGroupRequest()
    request.set_Description("of the classic network")
    return send(request)["SecurityGroupId"]


group_id = checks.check("a group", group)


def create(charge_type):
    request = CreateInstanceRequest.CreateInstanceRequest()
    request.set_ImageId("ubuntu1404_64_40G_cloudinit_20160727.raw")
    request.set_InstanceType("ecs.s2.large")
    request.set_IoOptimized("optimized")
    request.set_SystemDiskCategory("cloud_ssd")
    request.set_SecurityGroupId(group_id)
    request.set_ZoneId("cn-beijing-g")
    request.set_InternetChargeType("PayByTraffic")
    request.set_InternetMaxBandwidthOut(1)
    request.set_InstanceChargeType(charge_type)
    if charge_type == "PrePaid":
        request.set_Period(1)
    request.set_Password("Old-style-1")
    request.set_InstanceName("seed")
    return send(request)["InstanceId"]


def show(instance):
    request = DescribeInstancesRequest.DescribeInstancesRequest()
    request.set_InstanceIds(json.dumps([instance]))
    found = send(request)["Instances"]["Instance"]
    return found[0] if found else {"Status": None}


def act(module, instance, **values):
    request = getattr(module, module.__name__.rsplit(".", 1)[1])()
    request.set_InstanceId(instance)
    for key, value in values.items():
        getattr(request, f"set_{key}")(value)
    return send(request)


instance_id = checks.check("create a server", lambda: create("PostPaid"))
checks.check("wait for Stopped", lambda: wait_until("Stopped", lambda: show(instance_id)["Status"] == "Stopped"))
checks.check("give it an address", lambda: act(AllocatePublicIpAddressRequest, instance_id)["IpAddress"])
checks.check("start it", lambda: act(StartInstanceRequest, instance_id))
checks.check("wait for Running", lambda: wait_until("Running", lambda: show(instance_id)["Status"] == "Running"))


def look():
    shown = show(instance_id)
    same((shown["InstanceNetworkType"], shown["IoOptimized"]), ("classic", True))
    same((len(shown["PublicIpAddress"]["IpAddress"]), len(shown["InnerIpAddress"]["IpAddress"])), (1, 1))


checks.check("it is a classic server with both addresses", look)
checks.check("stop it", lambda: act(StopInstanceRequest, instance_id, ForceStop="true"))
checks.check("wait for Stopped again", lambda: wait_until("Stopped", lambda: show(instance_id)["Status"] == "Stopped"))
checks.check("delete it", lambda: act(DeleteInstanceRequest, instance_id))
checks.check("wait for absence", lambda: wait_until("absence", lambda: show(instance_id)["Status"] is None))
paid = checks.check("subscribe to a server for a month", lambda: create("PrePaid"))
checks.check("it has an end", lambda: same(show(paid)["ExpiredTime"].startswith("2099"), False))
