//! The regions that are served, with their zones and endpoints. Does not know what they have in stock.

/// One region.
#[derive(Debug)]
pub(in crate::sim) struct Region {
    pub(in crate::sim) id: &'static str,
    pub(in crate::sim) name: &'static str,
    zones: &'static str,
    /// The letters that ids of this region begin with.
    pub(in crate::sim) infix: &'static str,
    pub(in crate::sim) ecs_endpoint: &'static str,
    pub(in crate::sim) vpc_endpoint: &'static str,
}

const fn region(
    id: &'static str,
    name: &'static str,
    zones: &'static str,
    infix: &'static str,
    ecs_endpoint: &'static str,
    vpc_endpoint: &'static str,
) -> Region {
    Region {
        id,
        name,
        zones,
        infix,
        ecs_endpoint,
        vpc_endpoint,
    }
}

impl Region {
    /// The ids of its zones: regions of China write a hyphen before the letter.
    pub(in crate::sim) fn zones(&self) -> impl Iterator<Item = String> + '_ {
        let joint = if self.id.starts_with("cn-") { "-" } else { "" };
        self.zones
            .chars()
            .map(move |letter| format!("{}{joint}{letter}", self.id))
    }

    pub(in crate::sim) fn has_zone(&self, zone: &str) -> bool {
        self.zones().any(|own| own == zone)
    }
}

// One line each, as a table.
#[rustfmt::skip]
const REGIONS: &[Region] = &[
    region("ap-northeast-1", "日本（东京）", "abc", "6we", "ecs.ap-northeast-1.aliyuncs.com", "vpc.ap-northeast-1.aliyuncs.com"),
    region("ap-northeast-2", "ap-northeast-2", "ab", "ekl", "ecs.ap-northeast-2.aliyuncs.com", "vpc.ap-northeast-2.aliyuncs.com"),
    region("ap-south-1", "ap-south-1", "ab", "bbn", "ecs.ap-south-1.aliyuncs.com", "vpc.ap-south-1.aliyuncs.com"),
    region("ap-southeast-1", "新加坡", "abc", "t4n", "ecs.ap-southeast-1.aliyuncs.com", "vpc.ap-southeast-1.aliyuncs.com"),
    region("ap-southeast-2", "ap-southeast-2", "ab", "crj", "ecs.ap-southeast-2.aliyuncs.com", "vpc.ap-southeast-2.aliyuncs.com"),
    region("ap-southeast-3", "ap-southeast-3", "ab", "ikx", "ecs.ap-southeast-3.aliyuncs.com", "vpc.ap-southeast-3.aliyuncs.com"),
    region("ap-southeast-5", "ap-southeast-5", "abc", "kex", "ecs.ap-southeast-5.aliyuncs.com", "vpc.ap-southeast-5.aliyuncs.com"),
    region("ap-southeast-6", "ap-southeast-6", "ab", "uks", "ecs.ap-southeast-6.aliyuncs.com", "vpc.ap-southeast-6.aliyuncs.com"),
    region("ap-southeast-7", "ap-southeast-7", "ab", "wxh", "ecs.ap-southeast-7.aliyuncs.com", "vpc.ap-southeast-7.aliyuncs.com"),
    region("ap-southeast-8", "ap-southeast-8", "a", "okx", "ecs.ap-southeast-8.aliyuncs.com", "vpc.ap-southeast-8.aliyuncs.com"),
    region("cn-beijing", "华北2（北京）", "abcdefghijkl", "2ze", "ecs.cn-beijing.aliyuncs.com", "vpc.cn-beijing.aliyuncs.com"),
    region("cn-beijing-finance-1", "cn-beijing-finance-1", "a", "xny", "ecs.cn-beijing-finance-1.aliyuncs.com", "vpc.cn-beijing-finance-1.aliyuncs.com"),
    region("cn-beijing-finance-1-pub", "cn-beijing-finance-1-pub", "a", "gss", "ecs.cn-beijing-finance-1-pub.aliyuncs.com", "vpc.cn-beijing-finance-1-pub.aliyuncs.com"),
    region("cn-chengdu", "西南1（成都）", "ab", "tyk", "ecs.cn-chengdu.aliyuncs.com", "vpc.cn-chengdu.aliyuncs.com"),
    region("cn-fuzhou", "cn-fuzhou", "a", "qcc", "ecs.cn-fuzhou.aliyuncs.com", "vpc.cn-fuzhou.aliyuncs.com"),
    region("cn-guangzhou", "华南3（广州）", "ab", "vqo", "ecs.cn-guangzhou.aliyuncs.com", "vpc.cn-guangzhou.aliyuncs.com"),
    region("cn-hangzhou", "华东1（杭州）", "befghijk", "bp1", "ecs-cn-hangzhou.aliyuncs.com", "vpc.aliyuncs.com"),
    region("cn-hangzhou-finance", "cn-hangzhou-finance", "a", "etd", "ecs.aliyuncs.com", "vpc.aliyuncs.com"),
    region("cn-heyuan", "华南2（河源）", "ab", "frf", "ecs.cn-heyuan.aliyuncs.com", "vpc.cn-heyuan.aliyuncs.com"),
    region("cn-heyuan-acdr-1", "cn-heyuan-acdr-1", "a", "bdr", "ecs.cn-heyuan-acdr-1.aliyuncs.com", "vpc.cn-heyuan-acdr-1.aliyuncs.com"),
    region("cn-hongkong", "中国香港", "bcd", "j6c", "ecs.cn-hongkong.aliyuncs.com", "vpc.cn-hongkong.aliyuncs.com"),
    region("cn-huhehaote", "华北5（呼和浩特）", "ab", "hp3", "ecs.cn-huhehaote.aliyuncs.com", "vpc.cn-huhehaote.aliyuncs.com"),
    region("cn-hzfinance", "cn-hzfinance", "a", "mlm", "ecs.cn-hzfinance.aliyuncs.com", "vpc.cn-hzfinance.aliyuncs.com"),
    region("cn-hzjbp", "cn-hzjbp", "a", "tqn", "ecs.cn-hzjbp.aliyuncs.com", "vpc.cn-hzjbp.aliyuncs.com"),
    region("cn-nanjing", "cn-nanjing", "a", "ajd", "ecs.cn-nanjing.aliyuncs.com", "vpc.cn-nanjing.aliyuncs.com"),
    region("cn-north-2-gov-1", "cn-north-2-gov-1", "abl", "cas", "ecs.aliyuncs.com", "vpc.aliyuncs.com"),
    region("cn-qingdao", "华北1（青岛）", "bc", "m5e", "ecs.cn-qingdao.aliyuncs.com", "vpc.cn-qingdao.aliyuncs.com"),
    region("cn-shanghai", "华东2（上海）", "abefglmn", "uf6", "ecs.cn-shanghai.aliyuncs.com", "vpc.cn-shanghai.aliyuncs.com"),
    region("cn-shanghai-finance-1", "cn-shanghai-finance-1", "abfgkz", "jhz", "ecs-cn-hangzhou.aliyuncs.com", "vpc.aliyuncs.com"),
    region("cn-shanghai-finance-1-pub", "cn-shanghai-finance-1-pub", "a", "xuz", "ecs.cn-shanghai-finance-1-pub.aliyuncs.com", "vpc.cn-shanghai-finance-1-pub.aliyuncs.com"),
    region("cn-shenzhen", "华南1（深圳）", "acdef", "wz9", "ecs.cn-shenzhen.aliyuncs.com", "vpc.cn-shenzhen.aliyuncs.com"),
    region("cn-shenzhen-finance", "cn-shenzhen-finance", "a", "mxq", "ecs.cn-shenzhen-finance.aliyuncs.com", "vpc.cn-shenzhen-finance.aliyuncs.com"),
    region("cn-shenzhen-finance-1", "cn-shenzhen-finance-1", "de", "bki", "ecs-cn-hangzhou.aliyuncs.com", "vpc.aliyuncs.com"),
    region("cn-szfinance", "cn-szfinance", "a", "ycp", "ecs.cn-szfinance.aliyuncs.com", "vpc.cn-szfinance.aliyuncs.com"),
    region("cn-wuhan-lr", "cn-wuhan-lr", "a", "oac", "ecs.cn-wuhan-lr.aliyuncs.com", "vpc.cn-wuhan-lr.aliyuncs.com"),
    region("cn-wulanchabu", "华北6（乌兰察布）", "abc", "pww", "ecs.cn-wulanchabu.aliyuncs.com", "vpc.cn-wulanchabu.aliyuncs.com"),
    region("cn-zhangjiakou", "华北3（张家口）", "abc", "8vb", "ecs.cn-zhangjiakou.aliyuncs.com", "vpc.cn-zhangjiakou.aliyuncs.com"),
    region("cn-zhengzhou-jva", "cn-zhengzhou-jva", "a", "zsq", "ecs.cn-zhengzhou-jva.aliyuncs.com", "vpc.cn-zhengzhou-jva.aliyuncs.com"),
    region("cn-zhongwei", "cn-zhongwei", "a", "ral", "ecs.cn-zhongwei.aliyuncs.com", "vpc.cn-zhongwei.aliyuncs.com"),
    region("eu-central-1", "德国（法兰克福）", "abc", "gw8", "ecs.eu-central-1.aliyuncs.com", "vpc.eu-central-1.aliyuncs.com"),
    region("eu-west-1", "英国（伦敦）", "ab", "hvm", "ecs.eu-west-1.aliyuncs.com", "vpc.eu-west-1.aliyuncs.com"),
    region("me-central-1", "me-central-1", "ab", "ggo", "ecs.me-central-1.aliyuncs.com", "vpc.me-central-1.aliyuncs.com"),
    region("me-east-1", "me-east-1", "a", "eed", "ecs.me-east-1.aliyuncs.com", "vpc.me-east-1.aliyuncs.com"),
    region("na-south-1", "na-south-1", "a", "kpz", "ecs.na-south-1.aliyuncs.com", "vpc.na-south-1.aliyuncs.com"),
    region("rus-west-1", "rus-west-1", "a", "jfy", "ecs.rus-west-1.aliyuncs.com", "vpc.rus-west-1.aliyuncs.com"),
    region("us-east-1", "美国（弗吉尼亚）", "ab", "0xi", "ecs.us-east-1.aliyuncs.com", "vpc.us-east-1.aliyuncs.com"),
    region("us-southeast-1", "us-southeast-1", "a", "xhc", "ecs.us-southeast-1.aliyuncs.com", "vpc.us-southeast-1.aliyuncs.com"),
    region("us-west-1", "美国（硅谷）", "ab", "rj9", "ecs.us-west-1.aliyuncs.com", "vpc.us-west-1.aliyuncs.com"),
];

pub(in crate::sim) fn regions() -> &'static [Region] {
    REGIONS
}

pub(in crate::sim) fn find_region(id: &str) -> Option<&'static Region> {
    REGIONS.iter().find(|region| region.id == id)
}
