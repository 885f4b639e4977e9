//! Domains and their records, tags across products, and prices.

use super::super::catalogue::Step;
use super::super::{Sim, text};

const DNS: &str = "2015-01-09";
const TAG: &str = "2018-08-28";
const BSS: &str = "2017-12-14";

const fn dns(action: &'static str, params: &'static [(&'static str, &'static str)]) -> Step {
    Step::of(DNS, action, params)
}

const fn tag(action: &'static str, params: &'static [(&'static str, &'static str)]) -> Step {
    Step::of(TAG, action, params)
}

const fn bss(action: &'static str, params: &'static [(&'static str, &'static str)]) -> Step {
    Step::of(BSS, action, params)
}

const DOMAIN: &[(&str, &str)] = &[("DomainName", "example.com")];
const RECORD: &[(&str, &str)] = &[("RecordId", "$record")];
const A: &[(&str, &str)] = &[
    ("DomainName", "example.com"),
    ("RR", "www"),
    ("Type", "A"),
    ("Value", "192.0.2.1"),
];
const PRICE: &[(&str, &str)] = &[
    ("ProductCode", "ecs"),
    ("SubscriptionType", "PayAsYouGo"),
    ("ModuleList.1.ModuleCode", "InstanceType"),
    ("ModuleList.1.PriceType", "Hour"),
    (
        "ModuleList.1.Config",
        "InstanceType:ecs.g7.large,IoOptimized:IoOptimized,ImageOs:linux",
    ),
    ("ModuleList.2.ModuleCode", "SystemDisk"),
    ("ModuleList.2.PriceType", "Hour"),
    (
        "ModuleList.2.Config",
        "SystemDisk.Category:cloud_essd,SystemDisk.Size:40",
    ),
];

pub(super) const NAME_WALK: &[Step] = &[
    dns("AddDomain", DOMAIN),
    dns("DescribeDomains", &[]),
    dns(
        "DescribeDomainInfo",
        &[("DomainName", "example.com"), ("NeedDetailAttributes", "true")],
    ),
    dns("DescribeDomainNs", DOMAIN),
    dns("DescribeSupportLines", DOMAIN),
    dns("GetMainDomainName", &[("InputString", "www.example.com")]),
    dns(
        "TagResources",
        &[
            ("ResourceType", "DOMAIN"),
            ("ResourceId.1", "example.com"),
            ("Tag.1.Key", "team"),
            ("Tag.1.Value", "web"),
        ],
    ),
    dns("ListTagResources", &[("ResourceType", "DOMAIN")]),
    dns(
        "UntagResources",
        &[
            ("ResourceType", "DOMAIN"),
            ("ResourceId.1", "example.com"),
            ("TagKey.1", "team"),
        ],
    ),
    dns("AddDomainRecord", A).keep("record", "/RecordId"),
    dns("DescribeDomainRecords", DOMAIN),
    dns("DescribeDomainRecordInfo", RECORD),
    dns("DescribeSubDomainRecords", &[("SubDomain", "www.example.com")]),
    dns(
        "UpdateDomainRecord",
        &[
            ("RecordId", "$record"),
            ("RR", "www"),
            ("Type", "A"),
            ("Value", "192.0.2.2"),
        ],
    ),
    dns(
        "UpdateDomainRecordRemark",
        &[("RecordId", "$record"), ("Remark", "front")],
    ),
    dns(
        "SetDomainRecordStatus",
        &[("RecordId", "$record"), ("Status", "Disable")],
    ),
    dns("DeleteDomainRecord", RECORD),
    dns("AddDomainRecord", A),
    dns(
        "DeleteSubDomainRecords",
        &[("DomainName", "example.com"), ("RR", "www")],
    ),
    dns("DeleteDomain", DOMAIN),
    tag(
        "TagResources",
        &[
            ("ResourceARN.1", "arn:acs:vpc:cn-hangzhou:*:vpc/$vpc"),
            ("Tags", r#"{"team":"web"}"#),
        ],
    ),
    tag("ListTagResources", &[("Tags", r#"{"team":"web"}"#)]),
    tag("ListTagKeys", &[]),
    tag("ListTagValues", &[("Key", "team")]),
    tag(
        "ListResourcesByTag",
        &[("ResourceType", "ALIYUN::VPC::VPC"), ("TagFilter.Key", "team")],
    ),
    tag("DescribeRegions", &[]),
    tag(
        "UntagResources",
        &[
            ("ResourceARN.1", "arn:acs:vpc:cn-hangzhou:*:vpc/$vpc"),
            ("TagKey.1", "team"),
        ],
    ),
    bss(
        "QueryProductList",
        &[("PageNum", "1"), ("QueryTotalCount", "true")],
    ),
    bss(
        "DescribePricingModule",
        &[("ProductCode", "ecs"), ("SubscriptionType", "PayAsYouGo")],
    ),
    bss("GetPayAsYouGoPrice", PRICE),
    bss(
        "GetSubscriptionPrice",
        &[
            ("ProductCode", "ecs"),
            ("SubscriptionType", "Subscription"),
            ("OrderType", "NewOrder"),
            ("ModuleList.1.ModuleCode", "InstanceType"),
            ("ModuleList.1.Config", "InstanceType:ecs.g7.large"),
        ],
    ),
    bss(
        "SetRenewal",
        &[
            ("ProductCode", "ecs"),
            ("InstanceIDs", "i-no"),
            ("RenewalStatus", "NotRenewal"),
        ],
    ),
];

#[test]
fn records_are_of_their_domain_and_agree_with_each_other() {
    let mut sim = Sim::new();
    let call = |sim: &mut Sim, action: &str, params: &[(&str, &str)]| sim.call(DNS, action, params);
    call(&mut sim, "AddDomainRecord", A).refused(400, "InvalidDomainName.NoExist");
    call(&mut sim, "AddDomain", DOMAIN).ok();
    call(&mut sim, "AddDomain", DOMAIN).refused(400, "InvalidDomainName.Duplicate");
    call(&mut sim, "AddDomain", &[("DomainName", "www.example.com")])
        .refused(400, "InvalidDomainName.Format");
    let id = text(&call(&mut sim, "AddDomainRecord", A).ok()["RecordId"]);
    call(&mut sim, "AddDomainRecord", A).refused(400, "DomainRecordDuplicate");
    for (name, value, code) in [
        ("RR", "-www", "InvalidRR.Format"),
        ("Value", "192.0.2", "SubDomainInvalid.Value"),
        ("TTL", "60", "SubDomainInvalid.TTL"),
        ("Line", "moon", "SubDomainInvalid.Line"),
    ] {
        let mut params: Vec<(&str, &str)> = A.iter().copied().filter(|(own, _)| *own != name).collect();
        params.push((name, value));
        call(&mut sim, "AddDomainRecord", &params).refused(400, code);
    }
    let of = |kind: &'static str, value: &'static str| {
        [
            ("DomainName", "example.com"),
            ("RR", "www"),
            ("Type", kind),
            ("Value", value),
        ]
    };
    call(&mut sim, "AddDomainRecord", &of("CNAME", "example.org")).refused(400, "DomainRecordConflict");
    call(&mut sim, "AddDomainRecord", &of("MX", "mail.example.com"))
        .refused(400, "SubDomainInvalid.Priority");
    let mail = [&of("MX", "mail.example.com")[..], &[("Priority", "10")]].concat();
    call(&mut sim, "AddDomainRecord", &mail).ok();
    let shown = |sim: &mut Sim, more: &[(&str, &str)]| {
        let params = [DOMAIN, more].concat();
        call(sim, "DescribeDomainRecords", &params).ok()["DomainRecords"]["Record"]
            .as_array()
            .unwrap()
            .clone()
    };
    assert_eq!(shown(&mut sim, &[]).len(), 2);
    assert_eq!(shown(&mut sim, &[("Type", "MX")])[0]["Priority"], 10);
    let same = [("RecordId", id.as_str()), A[1], A[2], A[3]];
    call(&mut sim, "UpdateDomainRecord", &same).refused(400, "DomainRecordDuplicate");
    let off = [("RecordId", id.as_str()), ("Status", "Disable")];
    call(&mut sim, "SetDomainRecordStatus", &off).ok();
    assert_eq!(shown(&mut sim, &[("Status", "Disable")])[0]["Status"], "DISABLE");
    assert_eq!(shown(&mut sim, &[("Status", "Enable"), ("Type", "A")]).len(), 0);
    call(&mut sim, "DeleteDomain", DOMAIN).ok();
    call(&mut sim, "DescribeDomainRecordInfo", &[("RecordId", &id)])
        .refused(400, "DomainRecordNotBelongToUser");
}

#[test]
fn a_tag_is_one_whichever_product_puts_it_on() {
    let mut sim = Sim::new();
    let net = sim.network();
    let group = format!("arn:acs:ecs:cn-hangzhou:*:securitygroup/{}", net.group);
    let nobody = "arn:acs:ecs:cn-hangzhou:*:instance/i-no".to_owned();
    let region = ("RegionId", "cn-hangzhou");
    let both = [
        region,
        ("ResourceARN.1", &group),
        ("ResourceARN.2", &nobody),
        ("Tags", r#"{"team":"web"}"#),
    ];
    let made = sim.call(TAG, "TagResources", &both).ok();
    let failed = made["FailedResources"]["FailedResource"].as_array().unwrap();
    assert_eq!(failed.len(), 1);
    assert_eq!(failed[0]["Result"]["Code"], "InvalidResourceId.NotFound");
    let shown = sim.ecs("DescribeSecurityGroups", &[("Tag.1.Key", "team")]).ok();
    assert_eq!(shown["TotalCount"], 1);
    let listed = sim
        .call(TAG, "ListTagResources", &[region, ("ResourceARN.1", &group)])
        .ok();
    assert_eq!(listed["TagResources"][0]["Tags"][0]["Value"], "web");
    let values = sim.call(TAG, "ListTagValues", &[region, ("Key", "team")]).ok();
    assert_eq!(values["Values"]["Value"][0], "web");
    for (name, code) in [
        ("i-1", "InvalidResourceARN.FormatError"),
        (
            "arn:acs:ecs:cn-beijing:*:instance/i-1",
            "InvalidResourceARN.Region",
        ),
        (
            "arn:acs:ecs:cn-hangzhou:1:instance/i-1",
            "InvalidResourceARN.Account",
        ),
        (
            "arn:acs:oss:cn-hangzhou:*:bucket/b",
            "InvalidParameter.ServiceCode",
        ),
    ] {
        let params = [region, ("ResourceARN.1", name), ("Tags", r#"{"a":"b"}"#)];
        sim.call(TAG, "TagResources", &params).refused(400, code);
    }
    let gone = [region, ("ResourceARN.1", &group), ("TagKey.1", "team")];
    sim.call(TAG, "UntagResources", &gone).ok();
    assert_eq!(
        sim.call(TAG, "ListTagKeys", &[region]).ok()["Keys"]["Key"]
            .as_array()
            .unwrap()
            .len(),
        0
    );
}

#[test]
fn prices_of_both_products_agree_and_what_has_none_is_told_in_a_good_answer() {
    let mut sim = Sim::new();
    let price = sim.call(BSS, "GetPayAsYouGoPrice", PRICE).ok();
    let details = &price["Data"]["ModuleDetails"]["ModuleDetail"];
    let own = sim
        .ecs(
            "DescribePrice",
            &[
                ("InstanceType", "ecs.g7.large"),
                ("SystemDisk.Category", "cloud_essd"),
                ("SystemDisk.Size", "40"),
            ],
        )
        .ok();
    let sum: f64 = [0, 1]
        .iter()
        .map(|place| details[place]["OriginalCost"].as_f64().unwrap())
        .sum();
    let whole = own["PriceInfo"]["Price"]["TradePrice"].as_f64().unwrap();
    assert!((sum - whole).abs() < 0.001, "{sum} {whole}");
    let mut wrong = PRICE.to_vec();
    wrong[4].1 = "InstanceType:ecs.nothing";
    let unwell = sim.call(BSS, "GetPayAsYouGoPrice", &wrong).ok();
    assert_eq!((&unwell["Success"], unwell.get("Data")), (&false.into(), None));
    // What is subscribed to is told, and its renewal is one with the server's own.
    let net = sim.network();
    let id = sim.instance(&net, &[("InstanceChargeType", "PrePaid"), ("Period", "1")]);
    let renew = [
        ("ProductCode", "ecs"),
        ("InstanceIDs", id.as_str()),
        ("RenewalStatus", "AutoRenewal"),
        ("RenewalPeriod", "2"),
    ];
    assert_eq!(sim.call(BSS, "SetRenewal", &renew).ok()["Success"], true);
    let listed = sim
        .call(BSS, "QueryAvailableInstances", &[("RenewStatus", "AutoRenewal")])
        .ok();
    assert_eq!(listed["Data"]["InstanceList"][0]["InstanceID"], id.as_str());
    let shown = sim
        .ecs("DescribeInstanceAutoRenewAttribute", &[("InstanceId", &id)])
        .ok();
    let shown = &shown["InstanceRenewAttributes"]["InstanceRenewAttribute"][0];
    assert_eq!(
        (&shown["RenewalStatus"], &shown["Duration"]),
        (&"AutoRenewal".into(), &2.into())
    );
}
