//! Signatures, common parameters, formats.

use infra::sim::{KeyPair, Options, RawRequest};

use super::{ECS, START, Sim, options, signed, stamp};

fn regions(nonce: &str, at: i64, secret: &str) -> RawRequest {
    signed(
        "GET",
        ECS,
        "DescribeRegions",
        &[],
        nonce,
        &stamp(at),
        "testid",
        secret,
    )
}

fn code(sim: &mut Sim, request: &RawRequest) -> String {
    let answer = sim.cloud.handle(request, sim.now);
    let body = String::from_utf8(answer.body).unwrap();
    if answer.status == 200 {
        return "OK".to_owned();
    }
    serde_json::from_str::<serde_json::Value>(&body).map_or(body, |body| {
        format!("{} {}", answer.status, body["Code"].as_str().unwrap())
    })
}

#[test]
fn a_request_is_believed_once_and_within_a_quarter_of_an_hour() {
    let mut sim = Sim::new();
    let minute = 60_000;
    assert_eq!(code(&mut sim, &regions("a", START, "testsecret")), "OK");
    assert_eq!(
        code(&mut sim, &regions("a", START, "testsecret")),
        "400 SignatureNonceUsed"
    );
    assert_eq!(
        code(&mut sim, &regions("b", START - 15 * minute, "testsecret")),
        "OK"
    );
    assert_eq!(
        code(&mut sim, &regions("c", START - 15 * minute - 1000, "testsecret")),
        "400 InvalidTimeStamp.Expired"
    );
    assert_eq!(
        code(&mut sim, &regions("d", START + 15 * minute + 1000, "testsecret")),
        "400 InvalidTimeStamp.Expired"
    );
    assert_eq!(
        code(&mut sim, &regions("e", START, "other")),
        "400 SignatureDoesNotMatch"
    );
    sim.now += 31 * minute;
    let again = regions("a", sim.now, "testsecret");
    assert_eq!(code(&mut sim, &again), "OK");
}

/// A signed call whose timestamp is spelled and written as told.
fn stamped(name: &str, text: &str, nonce: &str) -> RawRequest {
    let mut request = signed(
        "GET",
        ECS,
        "DescribeRegions",
        &[(name, text)],
        nonce,
        text,
        "testid",
        "testsecret",
    );
    if name != "Timestamp" {
        // The helper adds the usual one as well; a client of that time sends its own spelling alone.
        request = resigned_without(&request, "Timestamp");
    }
    request
}

/// The same request without a parameter, signed anew.
fn resigned_without(request: &RawRequest, name: &str) -> RawRequest {
    use base64::Engine as _;
    use hmac::{Hmac, KeyInit as _, Mac as _};
    let query = request.target.strip_prefix("/?").unwrap();
    let kept: Vec<&str> = query
        .split('&')
        .filter(|pair| !pair.starts_with(&format!("{name}=")) && !pair.starts_with("Signature="))
        .collect();
    let query = kept.join("&");
    let mut mac = Hmac::<sha1::Sha1>::new_from_slice(b"testsecret&").unwrap();
    mac.update(format!("GET&%2F&{}", super::percent(&query)).as_bytes());
    let signature = base64::engine::general_purpose::STANDARD.encode(mac.finalize().into_bytes());
    RawRequest {
        target: format!("/?{query}&Signature={}", super::percent(&signature)),
        ..request.clone()
    }
}

#[test]
fn the_time_of_a_request_is_taken_as_older_and_other_clients_write_it() {
    let mut sim = Sim::new();
    for (name, text) in [
        ("Timestamp", "2026-11-24T08:00:00Z"),
        ("Timestamp", "2026-11-24T08:00:00.123Z"),
        ("Timestamp", "2026-11-24T08:00:00.123456789Z"),
        ("TimeStamp", "2026-11-24T08:00:00Z"),
        ("TimeStamp", "2026-11-24T08:00:00.5Z"),
    ] {
        let request = stamped(name, text, &format!("{name} {text}"));
        assert_eq!(code(&mut sim, &request), "OK", "{name} {text}");
    }
    for (name, text, refused) in [
        (
            "Timestamp",
            "2026-11-24T08:00:00.Z",
            "400 InvalidTimeStamp.Format",
        ),
        (
            "Timestamp",
            "2026-11-24T08:00:00.1",
            "400 InvalidTimeStamp.Format",
        ),
        (
            "TimeStamp",
            "2026-11-24T07:44:59.999Z",
            "400 InvalidTimeStamp.Expired",
        ),
        ("TIMESTAMP", "2026-11-24T08:00:00Z", "400 MissingTimestamp"),
    ] {
        let request = stamped(name, text, &format!("{name} {text}"));
        assert_eq!(code(&mut sim, &request), refused, "{name} {text}");
    }
    let stats: serde_json::Value = serde_json::from_str(&sim.cloud.stats_json()).unwrap();
    assert_eq!(stats["unknown_parameters"]["total"], 0);
}

#[test]
fn ids_may_stand_in_single_quotes() {
    let mut sim = Sim::new();
    let net = sim.network();
    let id = sim.instance(&net, &[]);
    let ids = format!("['{id}']");
    let found = sim.ecs("DescribeInstances", &[("InstanceIds", &ids)]).ok();
    assert_eq!(found["TotalCount"], 1);
    sim.ecs("DescribeInstances", &[("InstanceIds", "['i-1', \"i-2\"]")])
        .refused(400, "InvalidParameter");
}

#[test]
fn keys_are_known_active_and_with_their_token() {
    let mut inactive = KeyPair::new("off", "s");
    inactive.active = false;
    let mut temporary = KeyPair::new("sts", "s");
    temporary.security_token = Some("token".to_owned());
    let key_pairs = vec![KeyPair::new("testid", "testsecret"), inactive, temporary];
    let mut sim = Sim::with(Options {
        key_pairs,
        ..options()
    });
    let mut call = |id: &str, secret: &str, token: &[(&str, &str)], nonce: &str| {
        let request = signed(
            "GET",
            ECS,
            "DescribeRegions",
            token,
            nonce,
            &stamp(START),
            id,
            secret,
        );
        code(&mut sim, &request)
    };
    assert_eq!(call("nobody", "s", &[], "1"), "404 InvalidAccessKeyId.NotFound");
    assert_eq!(call("off", "s", &[], "2"), "400 InvalidAccessKeyId.Inactive");
    assert_eq!(call("sts", "s", &[], "3"), "400 MissingSecurityToken");
    assert_eq!(
        call("sts", "s", &[("SecurityToken", "x")], "4"),
        "400 InvalidSecurityToken.MismatchWithAccessKey"
    );
    assert_eq!(call("sts", "s", &[("SecurityToken", "token")], "5"), "OK");
    assert_eq!(
        call("testid", "testsecret", &[("SecurityToken", "x")], "6"),
        "400 InvalidSecurityToken.Malformed"
    );
}

#[test]
fn accounts_are_separate_clouds() {
    let key_pairs = vec![
        KeyPair::new("testid", "testsecret"),
        KeyPair::new("other", "othersecret"),
    ];
    let mut sim = Sim::with(Options {
        key_pairs,
        ..options()
    });
    sim.vpc("CreateVpc", &[]).ok();
    let request = signed(
        "GET",
        super::VPC,
        "DescribeVpcs",
        &[],
        "n",
        &stamp(START),
        "other",
        "othersecret",
    );
    let answer = sim.cloud.handle(&request, START);
    let body: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(body["TotalCount"], 0);
    assert_eq!(sim.vpc("DescribeVpcs", &[]).ok()["TotalCount"], 1);
}

#[test]
fn a_form_body_is_read_like_a_query() {
    let mut sim = Sim::new();
    let request = signed(
        "POST",
        super::VPC,
        "CreateVpc",
        &[("VpcName", "in a form 中")],
        "n",
        &stamp(START),
        "testid",
        "testsecret",
    );
    assert_eq!(code(&mut sim, &request), "OK");
    let shown = sim.vpc("DescribeVpcs", &[]).ok();
    assert_eq!(shown["Vpcs"]["Vpc"][0]["VpcName"], "in a form 中");
}

#[test]
fn the_message_of_a_wrong_signature_has_the_string_to_sign_behind_its_first_colon() {
    let mut sim = Sim::new();
    let answer = sim.cloud.handle(&regions("a", START, "wrong"), START);
    let body: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
    let message = body["Message"].as_str().unwrap();
    let behind = message.split(':').nth(1).unwrap();
    assert!(
        behind.starts_with("GET&%2F&AccessKeyId%3Dtestid%26Action%3DDescribeRegions"),
        "{message}"
    );
    assert!(
        answer
            .headers
            .iter()
            .any(|(name, value)| name == "Date" && value == "Tue, 24 Nov 2026 08:00:00 GMT")
    );
    for field in ["RequestId", "HostId", "Recommend"] {
        assert!(body[field].is_string(), "{body}");
    }
}

#[test]
fn what_is_unknown_is_named() {
    let mut sim = Sim::new();
    sim.call(ECS, "CreateNatGateway", &[])
        .refused(404, "InvalidAction.NotFound");
    sim.call("2020-01-01", "DescribeRegions", &[])
        .refused(400, "InvalidVersion");
    sim.ecs("DescribeInstanceAttribute", &[])
        .refused(400, "MissingInstanceId");
    sim.ecs("DescribeInstances", &[("PageSize", "101")])
        .refused(400, "InvalidParameter");
    sim.ecs("DescribeInstances", &[("PageNumber", "x")])
        .refused(400, "InvalidParameter");
    sim.ecs("DescribeInstances", &[("Nonsense", "1")]).ok();
    let stats: serde_json::Value = serde_json::from_str(&sim.cloud.stats_json()).unwrap();
    assert_eq!(
        stats["unknown_parameters"]["by_name"]["DescribeInstances.Nonsense"],
        1
    );
    assert_eq!(stats["errors"]["InvalidParameter"], 2);
    assert_eq!(stats["requests"]["by_product"]["Ecs"]["DescribeInstances"], 3);
}

#[test]
fn answers_come_in_xml_when_that_is_asked_for() {
    let mut sim = Sim::new();
    let mut request = regions("a", START, "testsecret");
    request.headers[0].1 = "ecs.aliyuncs.com".to_owned();
    request.target = request.target.replace("Format=JSON&", "");
    let answer = sim.cloud.handle(&request, START);
    let body = String::from_utf8(answer.body).unwrap();
    assert!(
        body.contains("<Error><RequestId>") && body.contains("<Code>SignatureDoesNotMatch</Code>"),
        "{body}"
    );
}

#[test]
fn a_host_that_is_not_served_is_refused() {
    let mut sim = Sim::new();
    for (host, good) in [
        ("localhost:7070", true),
        ("[::1]:7070", true),
        ("ecs.cn-beijing.aliyuncs.com", true),
        ("example.com", false),
        ("127.0.0.1.example.com", false),
        ("", false),
    ] {
        let mut request = regions(host, START, "testsecret");
        request.headers[0].1 = host.to_owned();
        let want = if good { "OK" } else { "404 InvalidProduct.NotFound" };
        assert_eq!(code(&mut sim, &request), want, "{host}");
    }
}

#[test]
fn the_same_seed_and_requests_give_the_same_bytes() {
    let run = |seed| {
        let mut sim = Sim::with(Options {
            seed: Some(seed),
            ..options()
        });
        let net = sim.network();
        let _ = sim.instance(&net, &[]);
        sim.raw(ECS, "DescribeInstances", &[]).body
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
}

#[test]
fn who_am_i() {
    let mut sim = Sim::new();
    let identity = sim.call("2015-04-01", "GetCallerIdentity", &[]).ok();
    assert_eq!(identity["IdentityType"], "Account");
    assert_eq!(identity["AccountId"].as_str().unwrap().len(), 16);
}

#[test]
fn quotas_count_in_windows_of_a_minute() {
    let quotas = vec!["DescribeRegions=2/60s".parse().unwrap()];
    let mut sim = Sim::with(Options { quotas, ..options() });
    sim.ecs("DescribeRegions", &[]).ok();
    sim.ecs("DescribeRegions", &[]).ok();
    sim.ecs("DescribeRegions", &[]).refused(400, "Throttling");
    sim.ecs("DescribeZones", &[]).ok();
    sim.wait(60);
    sim.ecs("DescribeRegions", &[]).ok();
}

#[test]
fn a_regional_endpoint_serves_its_own_region() {
    let mut sim = Sim::new();
    let mut call = |host: &str, region: &str| {
        sim.nonce += 1;
        let nonce = sim.nonce.to_string();
        let mut request = signed(
            "GET",
            ECS,
            "DescribeZones",
            &[("RegionId", region)],
            &nonce,
            &stamp(START),
            "testid",
            "testsecret",
        );
        request.headers[0].1 = host.to_owned();
        code(&mut sim, &request)
    };
    assert_eq!(call("ecs.cn-beijing.aliyuncs.com", "cn-beijing"), "OK");
    assert_eq!(
        call("ecs.cn-beijing.aliyuncs.com", "cn-shanghai"),
        "404 InvalidOperation.NotSupportedEndpoint"
    );
    assert_eq!(call("ecs.aliyuncs.com", "cn-hangzhou-finance"), "OK");
    assert_eq!(call("127.0.0.1:1", "cn-shanghai"), "OK");
    // Without a region the endpoint's counts.
    let mut request = signed(
        "GET",
        ECS,
        "DescribeZones",
        &[],
        "n",
        &stamp(START),
        "testid",
        "testsecret",
    );
    request.headers[0].1 = "ecs.cn-beijing.aliyuncs.com".to_owned();
    let body = String::from_utf8(sim.cloud.handle(&request, START).body).unwrap();
    assert!(
        body.contains("cn-beijing-g") && !body.contains("cn-hangzhou"),
        "{body}"
    );
}

#[test]
fn a_temporary_key_ends() {
    let mut pair = KeyPair::new("sts", "s");
    pair.security_token = Some("token".to_owned());
    pair.expires = Some(START + 60_000);
    let mut sim = Sim::with(Options {
        key_pairs: vec![pair],
        ..options()
    });
    for (nonce, want) in [("1", "OK"), ("2", "400 InvalidSecurityToken.Expired")] {
        let at = sim.now;
        let request = signed(
            "GET",
            ECS,
            "DescribeRegions",
            &[("SecurityToken", "token")],
            nonce,
            &stamp(at),
            "sts",
            "s",
        );
        assert_eq!(code(&mut sim, &request), want);
        sim.wait(60);
    }
}

/// Codes of the gateway with their statuses; those that only a real gateway comes to are asked for as faults.
#[test]
fn errors_have_their_status_and_their_shape() {
    let cases = [
        ("SignatureDoesNotMatch", 400),
        ("IncompleteSignature", 400),
        ("InvalidAccessKeyId.NotFound", 404),
        ("InvalidAccessKeyId.Inactive", 400),
        ("InvalidTimeStamp.Expired", 400),
        ("InvalidTimeStamp.Format", 400),
        ("SignatureNonceUsed", 400),
        ("InvalidSignatureMethod", 400),
        ("InvalidSecurityToken.Expired", 400),
        ("InvalidSecurityToken.Malformed", 400),
        ("InvalidSecurityToken.MismatchWithAccessKey", 400),
        ("InvalidAction.NotFound", 404),
        ("InvalidVersion", 400),
        ("InvalidProduct.NotFound", 404),
        ("InvalidOperation.NotSupportedEndpoint", 404),
        ("UnsupportedHTTPMethod", 400),
        ("InvalidParameter.Format", 400),
        ("MissingParameter", 400),
        ("InvalidParameter", 400),
        ("Throttling", 400),
        ("Throttling.User", 400),
        ("Throttling.Api", 400),
        ("Throttling.Resource", 429),
        ("IdempotentParameterMismatch", 400),
        ("IdempotenceParamNotMatch", 400),
        ("IdempotentProcessing", 403),
        ("LastTokenProcessing", 403),
        ("OperationFailed.IdempotentTokenProcessing", 400),
        ("InvalidClientToken.ValueNotSupported", 400),
        ("DryRunOperation", 400),
        ("DRYRUN.SUCCESS", 400),
        ("Forbidden.RAM", 403),
        ("IncorrectInstanceStatus", 403),
        ("InvalidInstanceId.NotFound", 404),
        ("InvalidRegionId.NotFound", 404),
        ("InternalError", 500),
        ("ServiceUnavailable", 503),
        ("OperationConflict", 409),
    ];
    for (code, status) in cases {
        let faults = vec![format!("*:refuse={code}").parse().unwrap()];
        let mut sim = Sim::with(Options { faults, ..options() });
        let raw = sim.raw(ECS, "DescribeRegions", &[]);
        let body: serde_json::Value = serde_json::from_slice(&raw.body).unwrap();
        assert_eq!((raw.status, &body["Code"]), (status, &code.into()), "{body}");
        assert!(
            body["Message"]
                .as_str()
                .is_some_and(|message| !message.contains("simulator")),
            "{body}"
        );
        assert!(
            body["HostId"].is_string() && body["RequestId"].as_str().unwrap().len() == 36,
            "{body}"
        );
        let advice = body["Recommend"].as_str().unwrap();
        assert!(advice.starts_with(&format!(
            "https://api.aliyun.com/troubleshoot?q={code}&product=Ecs&requestId="
        )));
    }
}

#[test]
fn a_success_in_xml_is_wrapped_in_its_actions_name() {
    let mut sim = Sim::new();
    let _ = sim.network();
    sim.nonce += 1;
    let params = [("Format", "XML"), ("RegionId", "cn-hangzhou")];
    let request = super::signed_as(
        "GET",
        super::VPC,
        "DescribeVpcs",
        &params,
        "n",
        &stamp(sim.now),
        "testid",
        "testsecret",
    );
    let answer = sim.cloud.handle(&request, sim.now);
    let body = String::from_utf8(answer.body).unwrap();
    assert!(
        body.starts_with("<?xml version='1.0' encoding='UTF-8'?><DescribeVpcsResponse><Vpcs><Vpc>"),
        "{body}"
    );
    assert!(
        body.contains("<TotalCount>1</TotalCount>") && body.ends_with("</RequestId></DescribeVpcsResponse>"),
        "{body}"
    );
}

#[test]
fn the_older_scheme_answers_in_xml_unless_asked_otherwise_and_the_newer_in_json() {
    let mut sim = Sim::new();
    let mut kind = |nonce: &str, params: &[(&str, &str)], headers: &[(&str, &str)]| {
        let mut request = super::signed_as(
            "GET",
            ECS,
            "DescribeRegions",
            params,
            nonce,
            &stamp(START),
            "testid",
            "testsecret",
        );
        let headers = headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        request.headers.extend(headers);
        let answer = sim.cloud.handle(&request, START);
        answer.headers[0].1.clone()
    };
    let xml = "text/xml;charset=utf-8";
    let json = "application/json;charset=utf-8";
    assert_eq!(kind("1", &[], &[]), xml);
    // The Go and Python SDKs repeat the action in a header, which asks for nothing.
    assert_eq!(kind("2", &[], &[("x-acs-action", "DescribeRegions")]), xml);
    assert_eq!(kind("3", &[], &[("Accept", "application/json")]), json);
    assert_eq!(kind("4", &[("Format", "json")], &[]), json);
    assert_eq!(
        kind("5", &[("Format", "xml")], &[("Accept", "application/json")]),
        xml
    );
    // Even a broken request of the newer scheme is one of the newer scheme.
    let acs3 = "ACS3-HMAC-SHA256 Credential=testid,SignedHeaders=host,Signature=00";
    assert_eq!(kind("6", &[], &[("Authorization", acs3)]), json);
}
