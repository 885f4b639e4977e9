"""The library below the community's Ansible modules, unchanged: footmark. It sets an answer's fields in their order."""

import sys

import aliyunsdkcore.profile.region_provider as endpoints

HOST, PORT = sys.argv[1], sys.argv[2]
REGION = "cn-hangzhou"
IMAGE = "aliyun_3_x64_20G_alibase_20240819.vhd"
for product in ("Ecs", "Vpc"):
    endpoints.add_endpoint(product, REGION, f"{HOST}:{PORT}")

import footmark.ecs
import footmark.vpc

from checks import Checks, same, wait_until

checks = Checks("footmark")
KEY = {"acs_access_key_id": "testid", "acs_secret_access_key": "testsecret"}
vpc = footmark.vpc.connect_to_region(REGION, **KEY)
ecs = footmark.ecs.connect_to_region(REGION, **KEY)
made = {}


def network():
    made["vpc"] = vpc.create_vpc(cidr_block="10.0.0.0/8", vpc_name="ansible")
    made["vswitch"] = vpc.create_vswitch(
        vpc_id=made["vpc"].id, cidr_block="10.1.0.0/24", zone_id="cn-hangzhou-h", vswitch_name="ansible"
    )
    made["group"] = ecs.create_security_group(
        security_group_name="ansible", vpc_id=made["vpc"].id, client_token="group"
    )


def servers():
    found = ecs.run_instances(
        image_id=IMAGE,
        instance_type="ecs.g7.large",
        security_group_id=made["group"].id,
        vswitch_id=made["vswitch"].id,
        instance_name="ansible",
        system_disk_category="cloud_essd",
        client_token="servers",
        amount=2,
    )
    same([server.name for server in found], ["ansible", "ansible"])
    same({server.public_ip_address for server in found}, {""})
    made["servers"] = [server.id for server in found]


def look():
    wait_until(
        "running",
        lambda: {str(server.status) for server in ecs.describe_instances(page_size=100)} == {"running"},
    )


checks.check("network", network)
checks.check("servers", servers)
checks.check("look", look)
