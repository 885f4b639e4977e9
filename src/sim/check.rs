//! Parameters against `schema/api`: missing, malformed and out of range, each with the code that its action's table
//! has for it. Does not know what a parameter is for.

use super::api::{ActionFacts, ParamFacts};
use super::catalogue;
use super::gates::{missing_common, without_port};
use super::params::{Params, pattern};
use super::refusal::{Refusal, refuse};

/// Checks the parameters of a request; returns the names of those that the action does not have.
pub(super) fn parameters(facts: &ActionFacts, params: &Params, host: &str) -> Result<Vec<String>, Refusal> {
    let mut unknown = Vec::new();
    for (name, value) in params.iter() {
        // Clients send these with everything. A token has nothing to do where there is nothing to do twice.
        if name == "RegionId" || (name == "ClientToken" && !facts.client_token) {
            continue;
        }
        match facts
            .params
            .get(name)
            .or_else(|| facts.params.get(&pattern(name)))
        {
            Some(param) => check_value(facts, name, value, param)?,
            None => unknown.push(name.to_owned()),
        }
    }
    check_presence(facts, params)?;
    if let Some(region) = params.text("RegionId") {
        if catalogue::find_region(region).is_none() {
            return Err(no_region(facts, region));
        }
        if region_of_host(host).is_some_and(|own| own != region) {
            return refuse("InvalidOperation.NotSupportedEndpoint");
        }
    }
    Ok(unknown)
}

/// The refusal of a region that there is not; what does not even look like one has a code of its own in some tables.
fn no_region(facts: &ActionFacts, region: &str) -> Refusal {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let looks_like_one = region.contains('-') && region.bytes().all(plain);
    let mut codes = vec![
        "InvalidRegionId.NotFound".to_owned(),
        "InvalidRegion.NotFound".to_owned(),
    ];
    if !looks_like_one {
        codes.insert(0, "InvalidRegionId.MalFormed".to_owned());
    }
    let code = facts.known_code(&codes);
    Refusal::new(code.unwrap_or_else(|| "InvalidRegionId.NotFound".to_owned()))
}

/// Whether an action has a parameter of this name.
pub(super) fn knows(facts: &ActionFacts, name: &str) -> bool {
    facts.params.contains_key(name) || facts.params.contains_key(&pattern(name))
}

/// What must be there is there, and lists are not too long.
fn check_presence(facts: &ActionFacts, params: &Params) -> Result<(), Refusal> {
    for (name, param) in &facts.params {
        if let Some(list) = name.strip_suffix(".N") {
            let (items, groups) = (params.list(list).len(), params.groups(list).len());
            if param.max_items().is_some_and(|max| items.max(groups) > max) {
                return Err(too_many(facts, list));
            }
            if param.required && items == 0 && groups == 0 {
                return Err(missing(facts, list));
            }
        }
    }
    let mut required: Vec<&String> = facts
        .params
        .iter()
        .filter(|(_, param)| param.required)
        .map(|(name, _)| name)
        .collect();
    required.sort();
    for name in required {
        let nested = name.contains(".N");
        // The region follows from the endpoint when a request names none.
        if !nested && name != "RegionId" && params.text(name).is_none() {
            return Err(missing(facts, name));
        }
    }
    Ok(())
}

/// The region that a regional endpoint serves; endpoints shared by several regions have none.
pub(super) fn region_of_host(host: &str) -> Option<&'static str> {
    let name = without_port(host);
    let shared = |region: &catalogue::Region| {
        catalogue::regions()
            .iter()
            .filter(|other| {
                other.ecs_endpoint == region.ecs_endpoint || other.vpc_endpoint == region.vpc_endpoint
            })
            .count()
            > 1
    };
    catalogue::regions()
        .iter()
        .find(|region| (region.ecs_endpoint == name || region.vpc_endpoint == name) && !shared(region))
        .map(|region| region.id)
}

/// The region that stands in the host name of any product, as in `kms.cn-hangzhou.aliyuncs.com`.
pub(super) fn region_in_host(host: &str) -> Option<&'static str> {
    let name = without_port(host).strip_suffix(".aliyuncs.com")?;
    let (_, region) = name.split_once('.')?;
    catalogue::find_region(region).map(|region| region.id)
}

fn missing(facts: &ActionFacts, name: &str) -> Refusal {
    let codes = [
        format!("MissingParameter.{name}"),
        format!("MissingParameter.{name}s"),
        "MissingParameter".to_owned(),
        "InvalidParameter.AllEmpty".to_owned(),
    ];
    match facts.known_code(&codes) {
        Some(code) => Refusal {
            code,
            ..Refusal::missing(name)
        },
        None => missing_common(name),
    }
}

fn too_many(facts: &ActionFacts, list: &str) -> Refusal {
    let short = list.trim_end_matches("Id");
    let codes = [
        format!("NumberExceed.{list}s"),
        format!("NumberExceed.{short}s"),
        format!("SizeLimitExceeded.{list}"),
        format!("SizeLimitExceeded.{short}Num"),
        format!("InvalidParameter.TooMany{list}s"),
        format!("Invalid{short}Count"),
        format!("InvalidParam.{list}"),
        format!("{list}LimitExceeded"),
        format!("{list}s.ExceedLimit"),
    ];
    match facts.known_code(&codes) {
        Some(code) => Refusal::new(code).with_message(format!("There are too many items in {list}.")),
        None => Refusal::invalid(list),
    }
}

fn check_value(facts: &ActionFacts, name: &str, value: &str, param: &ParamFacts) -> Result<(), Refusal> {
    if value.is_empty() {
        return Ok(());
    }
    let number = |value: &str| value.trim().parse::<i64>().ok();
    let fits = match param.kind.as_str() {
        "Integer" | "Long" => number(value).is_some_and(|number| {
            param.min().is_none_or(|min| number >= min) && param.max().is_none_or(|max| number <= max)
        }),
        "Float" => value.trim().parse::<f64>().is_ok_and(f64::is_finite),
        "Boolean" => value.eq_ignore_ascii_case("true") || value.eq_ignore_ascii_case("false"),
        _ => {
            let length = value.chars().count();
            param.max_len().is_none_or(|max| length <= max) && param.min_len().is_none_or(|min| length >= min)
        }
    };
    let listed = param
        .values()
        .is_none_or(|values| values.iter().any(|known| known == value));
    if fits && listed {
        return Ok(());
    }
    let plain = name.rsplit('.').next().unwrap_or(name);
    let codes = [
        format!("Invalid{plain}.Malformed"),
        format!("Invalid{plain}.ValueNotSupported"),
        format!("InvalidParameter.{plain}"),
        format!("InvalidParam.{plain}"),
        format!("Invalid{plain}"),
    ];
    let refusal = Refusal::invalid(name);
    Err(match facts.known_code(&codes) {
        Some(code) => Refusal { code, ..refusal },
        None => refusal,
    })
}
