//! The products of Alibaba Cloud that we call: one row each.

use std::fmt;

/// A product of Alibaba Cloud.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Product {
    /// As steps, the journal and `ALIBABA_CLOUD_ENDPOINT_<NAME>` name it.
    pub(crate) name: &'static str,
    /// The version of its API.
    pub(crate) version: &'static str,
    hosts: Hosts,
}

/// Where a product lives.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Hosts {
    /// One address serves every region.
    Central(&'static str),
    /// `<product>.<region>.aliyuncs.com`, but for these regions.
    Regional(&'static [(&'static str, &'static str)]),
}

/// The vendor's domain.
const DOMAIN: &str = ".aliyuncs.com";

/// Bills and balances. One host for the whole world (facts of the API, 1).
pub(crate) static BSS: Product = Product {
    name: "BssOpenApi",
    version: "2017-12-14",
    hosts: Hosts::Central("business.aliyuncs.com"),
};

/// Servers, disks, images, security groups. The exceptions are those of the current SDK's table.
pub(crate) static ECS: Product = Product {
    name: "Ecs",
    version: "2014-05-26",
    hosts: Hosts::Regional(&[
        ("cn-hangzhou", "ecs-cn-hangzhou.aliyuncs.com"),
        ("cn-hangzhou-finance", "ecs.aliyuncs.com"),
        ("cn-north-2-gov-1", "ecs.aliyuncs.com"),
        ("cn-shanghai-finance-1", "ecs-cn-hangzhou.aliyuncs.com"),
        ("cn-shenzhen-finance-1", "ecs-cn-hangzhou.aliyuncs.com"),
    ]),
};

/// Resource groups.
pub(crate) static RESOURCE_MANAGER: Product = Product {
    name: "ResourceManager",
    version: "2020-03-31",
    hosts: Hosts::Central("resourcemanager.aliyuncs.com"),
};

/// Classic load balancers. Its first regions share one host (facts of the API, 5).
pub(crate) static SLB: Product = Product {
    name: "Slb",
    version: "2014-05-15",
    hosts: Hosts::Regional(&[
        ("cn-beijing", "slb.aliyuncs.com"),
        ("cn-hangzhou", "slb.aliyuncs.com"),
        ("cn-hangzhou-finance", "slb.aliyuncs.com"),
        ("cn-hongkong", "slb.aliyuncs.com"),
        ("cn-qingdao", "slb.aliyuncs.com"),
        ("cn-shanghai", "slb.aliyuncs.com"),
        ("cn-shanghai-finance-1", "slb.aliyuncs.com"),
        ("cn-shenzhen", "slb.aliyuncs.com"),
        ("cn-shenzhen-finance-1", "slb.aliyuncs.com"),
        ("us-west-1", "slb.aliyuncs.com"),
        ("ap-southeast-1", "slb.aliyuncs.com"),
    ]),
};

/// Who am I.
pub(crate) static STS: Product = Product {
    name: "Sts",
    version: "2015-04-01",
    hosts: Hosts::Central("sts.aliyuncs.com"),
};

/// Networks and their addresses. The exceptions are those of the current SDK's table.
pub(crate) static VPC: Product = Product {
    name: "Vpc",
    version: "2016-04-28",
    hosts: Hosts::Regional(&[
        ("cn-hangzhou", "vpc.aliyuncs.com"),
        ("cn-hangzhou-finance", "vpc.aliyuncs.com"),
        ("cn-north-2-gov-1", "vpc.aliyuncs.com"),
        ("cn-shanghai-finance-1", "vpc.aliyuncs.com"),
        ("cn-shenzhen-finance-1", "vpc.aliyuncs.com"),
    ]),
};

impl Product {
    /// All products, by name.
    pub(crate) const ALL: [&'static Product; 6] = [&BSS, &ECS, &RESOURCE_MANAGER, &SLB, &STS, &VPC];

    /// The vendor's host for a region.
    pub(crate) fn host(&self, region: &str) -> String {
        match self.hosts {
            Hosts::Central(host) => host.to_owned(),
            Hosts::Regional(exceptions) => {
                match exceptions.iter().find(|(exception, _)| *exception == region) {
                    Some((_, host)) => (*host).to_owned(),
                    None => format!("{}.{region}{DOMAIN}", self.name.to_lowercase()),
                }
            }
        }
    }
}

impl fmt::Debug for Product {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}
