//! Listeners of a load balancer that speak https, by certificates that somebody has uploaded.

use serde_json::Value;

use crate::harness::{CERTIFICATE, PRIVATE_KEY, World};

const REGION: (&str, &str) = ("RegionId", "cn-hangzhou");

fn certificate(world: &World, name: &str) -> String {
    let params = [
        REGION,
        ("ServerCertificateName", name),
        ("ServerCertificate", CERTIFICATE),
        ("PrivateKey", PRIVATE_KEY),
    ];
    let made = world.call("Slb", "UploadServerCertificate", &params);
    let id = made["ServerCertificateId"].as_str();
    id.unwrap_or_else(|| panic!("{made}")).to_owned()
}

fn write(world: &World, listeners: &str) {
    world.write(
        "infra.toml",
        &format!(
            "[infra]\nname = \"x\"\nregion = \"cn-hangzhou\"\n[slb.web]\nload_balancer_spec = \"slb.s1.small\"\nlisteners = [{listeners}]\n"
        ),
    );
}

fn listeners(world: &World) -> Vec<Value> {
    world
        .run(&["plan", "--detailed-exitcode"])
        .exits(0)
        .says("No changes");
    let told = world.call("Slb", "DescribeLoadBalancerListeners", &[REGION]);
    told["Listeners"].as_array().unwrap().clone()
}

#[test]
fn an_https_listener_has_a_certificate_and_gets_another_one() {
    let world = World::new();
    let https = |certificate: &str| {
        format!(
            "{{ protocol = \"https\", port = 443, backend_port = 80, server_certificate_id = \"{certificate}\" }}"
        )
    };
    let (one, two) = (certificate(&world, "one"), certificate(&world, "two"));
    for id in [&one, &two] {
        write(&world, &https(id));
        world.apply().exits(0);
        let listener = listeners(&world).remove(0);
        assert_eq!(
            listener["HTTPSListenerConfig"]["ServerCertificateId"],
            id.as_str()
        );
        assert_eq!(listener["Status"], "running");
    }
    assert_eq!(world.requests("Slb", "CreateLoadBalancerHTTPSListener"), 1);
    assert_eq!(world.requests("Slb", "SetLoadBalancerHTTPSListenerAttribute"), 1);
    // With health checks off, and plain http on the same balancer.
    let plain = "{ protocol = \"http\", port = 80, backend_port = 80 }";
    let off = https(&two).replace(" }", ", health_check = \"off\" }");
    write(&world, &format!("{plain}, {off}"));
    world.apply().exits(0);
    assert_eq!(listeners(&world).len(), 2);
    write(&world, plain);
    world.apply().exits(0);
    assert_eq!(listeners(&world)[0]["ListenerProtocol"], "http");
}

#[test]
fn a_certificate_and_https_go_together() {
    let world = World::offline();
    write(&world, "{ protocol = \"https\", port = 443, backend_port = 80 }");
    world
        .run(&["validate"])
        .exits(1)
        .tells("an https listener needs a certificate");
    write(
        &world,
        "{ protocol = \"tcp\", port = 443, backend_port = 80, server_certificate_id = \"a\" }",
    );
    world
        .run(&["validate"])
        .exits(1)
        .tells("for https listeners only");
}
