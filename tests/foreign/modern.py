"""The current Python SDK, unchanged: alibabacloud_ecs20140526 and alibabacloud_vpc20160428 (ACS3 signatures)."""

import json
import sys

from alibabacloud_ecs20140526 import models as ecs
from alibabacloud_ecs20140526.client import Client as EcsClient
from alibabacloud_tea_openapi.models import Config
from alibabacloud_vpc20160428 import models as vpc
from alibabacloud_vpc20160428.client import Client as VpcClient

from checks import Checks, same, wait_until

HOST, PORT = sys.argv[1], sys.argv[2]
REGION = "cn-hangzhou"
IMAGE = "aliyun_3_x64_20G_alibase_20240819.vhd"


def config(**more):
    return Config(
        access_key_id="testid",
        access_key_secret="testsecret",
        region_id=REGION,
        endpoint=f"{HOST}:{PORT}",
        protocol="http",
        **more,
    )


checks = Checks("modern python")
ecs_client, vpc_client = EcsClient(config()), VpcClient(config())
older = EcsClient(config(signature_algorithm="v2"))


def refusal(function):
    try:
        function()
    except Exception as error:
        return error.code
    raise AssertionError("it was not refused")


def network():
    made = vpc_client.create_vpc(
        vpc.CreateVpcRequest(region_id=REGION, cidr_block="10.0.0.0/8", description="a ~*+/=&?%中文 (x)!")
    )
    vpc_id = made.body.vpc_id

    def vpc_now():
        request = vpc.DescribeVpcAttributeRequest(region_id=REGION, vpc_id=vpc_id)
        return vpc_client.describe_vpc_attribute(request).body

    wait_until("the VPC", lambda: vpc_now().status == "Available")
    same(vpc_now().description, "a ~*+/=&?%中文 (x)!")
    made = vpc_client.create_vswitch(
        vpc.CreateVSwitchRequest(region_id=REGION, vpc_id=vpc_id, zone_id="cn-hangzhou-h", cidr_block="10.0.0.0/16")
    )
    vswitch_id = made.body.v_switch_id

    def vswitch_now():
        request = vpc.DescribeVSwitchAttributesRequest(region_id=REGION, v_switch_id=vswitch_id)
        return vpc_client.describe_vswitch_attributes(request).body

    wait_until("the vSwitch", lambda: vswitch_now().status == "Available")
    group = ecs_client.create_security_group(ecs.CreateSecurityGroupRequest(region_id=REGION, vpc_id=vpc_id))
    group_id = group.body.security_group_id
    ecs_client.authorize_security_group(
        ecs.AuthorizeSecurityGroupRequest(
            region_id=REGION,
            security_group_id=group_id,
            permissions=[
                ecs.AuthorizeSecurityGroupRequestPermissions(
                    ip_protocol="TCP", port_range="22/22", source_cidr_ip="10.0.0.0/8", description="ssh 中"
                )
            ],
        )
    )
    return vswitch_id, group_id


vswitch_id, group_id = checks.check("a network", network) or ("", "")


def create(token="modern-1", kind="ecs.g7.large"):
    request = ecs.CreateInstanceRequest(
        region_id=REGION,
        image_id=IMAGE,
        instance_type=kind,
        security_group_id=group_id,
        v_switch_id=vswitch_id,
        internet_max_bandwidth_out=5,
        client_token=token,
        instance_name="web 01",
        deletion_protection=False,
        tag=[ecs.CreateInstanceRequestTag(key="app", value="shop")],
    )
    return ecs_client.create_instance(request).body.instance_id


def rows(client=None, **values):
    request = ecs.DescribeInstancesRequest(region_id=REGION, **values)
    return (client or ecs_client).describe_instances(request).body


def status(instance):
    found = rows(instance_ids=json.dumps([instance])).instances.instance
    return found[0].status if found else None


instance = checks.check("create an instance", create)
checks.check("the same token gives the same instance", lambda: same(create(), instance))
checks.check(
    "the same token with other parameters is refused",
    lambda: same(refusal(lambda: create(kind="ecs.g7.xlarge")), "IdempotentParameterMismatch"),
)
checks.check("poll until it is stopped", lambda: wait_until("Stopped", lambda: status(instance) == "Stopped"))
checks.check(
    "give it an address",
    lambda: ecs_client.allocate_public_ip_address(ecs.AllocatePublicIpAddressRequest(instance_id=instance)).body.ip_address,
)
checks.check("start it", lambda: ecs_client.start_instance(ecs.StartInstanceRequest(instance_id=instance)))
checks.check("poll until it runs", lambda: wait_until("Running", lambda: status(instance) == "Running"))


def tag():
    ecs_client.tag_resources(
        ecs.TagResourcesRequest(
            region_id=REGION,
            resource_type="instance",
            resource_id=[instance],
            tag=[ecs.TagResourcesRequestTag(key="a b", value="~*+中")],
        )
    )
    found = rows(tag=[ecs.DescribeInstancesRequestTag(key="a b", value="~*+中")])
    same([row.instance_id for row in found.instances.instance], [instance])


checks.check("tag it and find it by its tag", tag)
checks.check("the older signature is believed too", lambda: same(rows(older).total_count, 1))
checks.check("stop it", lambda: ecs_client.stop_instance(ecs.StopInstanceRequest(instance_id=instance)))
checks.check("poll until it is stopped again", lambda: wait_until("Stopped", lambda: status(instance) == "Stopped"))
checks.check("delete it", lambda: ecs_client.delete_instance(ecs.DeleteInstanceRequest(instance_id=instance)))
checks.check("poll until it is gone", lambda: wait_until("absence", lambda: status(instance) is None))


def many():
    for _ in range(5):
        request = ecs.RunInstancesRequest(
            region_id=REGION,
            image_id=IMAGE,
            instance_type="ecs.g7.large",
            security_group_ids=[group_id],
            v_switch_id=vswitch_id,
            amount=50,
            system_disk=ecs.RunInstancesRequestSystemDisk(category="cloud_essd", size="40"),
        )
        same(len(ecs_client.run_instances(request).body.instance_id_sets.instance_id_set), 50)
    by_number = []
    for page in range(1, 4):
        by_number += [row.instance_id for row in rows(page_number=page, page_size=100).instances.instance]
    by_token, token = [], None
    while token != "":
        page = rows(max_results=60, next_token=token)
        by_token += [row.instance_id for row in page.instances.instance]
        token = page.next_token
    same((len(by_number), len(set(by_number))), (250, 250))
    same(sorted(by_token), sorted(by_number))


checks.check("page through 250 instances by number and by token", many)
checks.check(
    "101 ids are refused",
    lambda: same(refusal(lambda: rows(instance_ids=json.dumps(["i-x"] * 101))), "InvalidParameter"),
)
