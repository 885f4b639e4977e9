//! Billing: the balance, what is subscribed to, and prices. All figures are simulated and nobody's. What is wrong with
//! a business request is said in an answer that is well otherwise.

use super::super::call::{Call, Entry};
use super::super::catalogue::{Catalogue, PricedModule};
use super::super::clock::{parse_utc, seconds};
use super::super::node::{Node, map, texts};
use super::super::params::Params;
use super::super::products::BSS;
use super::super::refusal::{Refusal, refuse};
use super::instance_row::{Instance, Subscription};

pub(super) const ACTIONS: &[Entry] = &[
    (BSS, "QueryAccountBalance", query_account_balance),
    (BSS, "QueryAvailableInstances", query_available_instances),
    (BSS, "QueryProductList", query_product_list),
    (BSS, "DescribePricingModule", describe_pricing_module),
    (BSS, "GetPayAsYouGoPrice", pay_as_you_go_price),
    (BSS, "GetSubscriptionPrice", subscription_price),
    (BSS, "SetRenewal", set_renewal),
];

/// Product codes and their names, as far as anything of them has a price.
const PRODUCTS: &[(&str, &str)] = &[
    ("ecs", "Elastic Compute Service"),
    ("eip", "Elastic IP Address"),
    ("cbwp", "Internet Shared Bandwidth"),
    ("nat_gw", "NAT Gateway"),
    ("slb", "Server Load Balancer"),
    ("snapshot", "Snapshot"),
];

/// How many hours of pay-as-you-go a month of a subscription costs.
const HOURS_OF_MONTH: f64 = 480.0;

/// An answer that is well.
fn well(data: Node) -> Result<Node, Refusal> {
    Ok(map! { "Code": "Success", "Message": "Successful!", "Success": true, "Data": data })
}

/// An answer that says what is wrong with the business.
fn unwell(code: &str, message: &str) -> Result<Node, Refusal> {
    Ok(map! { "Code": code, "Message": message, "Success": false })
}

/// `1,234.00`
fn amount(yuan: i64) -> String {
    let digits = yuan.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text + ".00"
}

fn query_account_balance(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let balance = amount(call.settings.account.balance);
    Ok(map! {
        "Code": "200",
        "Message": "Successful!",
        "Success": true,
        "Data": map! {
            "AvailableAmount": balance.clone(),
            "AvailableCashAmount": balance,
            "CreditAmount": "0.00",
            "MybankCreditAmount": "0.00",
            "QuotaLimit": "0.00",
            "Currency": "CNY",
        },
    })
}

// ── what is subscribed to ────────────────────────────────────────────────────────────────────────────────────────

fn renew_status(paid: &Subscription) -> &'static str {
    match paid {
        _ if paid.not_renewed => "NotRenewal",
        _ if paid.auto_renew => "AutoRenewal",
        _ => "ManualRenewal",
    }
}

/// A moment of a request, when it is one.
fn moment(params: &Params, name: &str) -> Result<Option<i64>, Refusal> {
    let Some(text) = params.text(name) else {
        return Ok(None);
    };
    parse_utc(text, false)
        .map(Some)
        .ok_or_else(|| Refusal::invalid(name))
}

fn query_available_instances(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let ids = params.comma_list("InstanceIDs", 100)?;
    let number = params.int("PageNum")?.unwrap_or(1);
    let size = params.int("PageSize")?.unwrap_or(20);
    if number < 1 || !(1..=300).contains(&size) {
        return Err(Refusal::invalid("PageNum"));
    }
    let bounds = [
        (
            moment(params, "CreateTimeStart")?,
            moment(params, "CreateTimeEnd")?,
        ),
        (moment(params, "EndTimeStart")?, moment(params, "EndTimeEnd")?),
    ];
    let within = |at: Option<i64>, (from, until): (Option<i64>, Option<i64>)| match at {
        None => from.is_none() && until.is_none(),
        Some(at) => from.is_none_or(|from| at >= from) && until.is_none_or(|until| at <= until),
    };
    let kind = |row: &Instance| match row.subscription {
        Some(_) => "Subscription",
        None => "PayAsYouGo",
    };
    let found: Vec<&Instance> = call
        .world
        .all::<Instance>()
        .iter()
        .rev()
        .filter(|row| {
            let paid = row.subscription.as_ref();
            ids.as_ref().is_none_or(|ids| ids.contains(&row.id.as_str()))
                && call.is("ProductCode", "ecs")
                && params.text("ProductType").is_none()
                && call.is("Region", &row.region)
                && call.is("SubscriptionType", kind(row))
                && call.is("RenewStatus", paid.map_or("", renew_status))
                && within(Some(row.created), bounds[0])
                && within(paid.map(|paid| paid.expires), bounds[1])
        })
        .collect();
    let skip = usize::try_from((number - 1).saturating_mul(size)).unwrap_or(usize::MAX);
    let take = usize::try_from(size).unwrap_or(20);
    let owner = call.world.account_id.parse::<i64>().unwrap_or(0);
    let list = found.iter().skip(skip).take(take).map(|row| {
        let paid = row.subscription.as_ref();
        map! {
            "InstanceID": &row.id,
            "OwnerId": owner,
            "ProductCode": "ecs",
            "ProductType": "",
            "Region": &row.region,
            "SubscriptionType": kind(row),
            "Status": if row.lock_reason == "financial" { "WaitForExpire" } else { "Normal" },
            "SubStatus": "Normal",
            "Seller": "26842",
            "SellerId": 26842,
            "CreateTime": seconds(row.created),
            "EndTime": paid.map(|paid| seconds(paid.expires)).unwrap_or_default(),
            "RenewStatus": paid.map_or("", renew_status),
            "RenewalDuration": paid.filter(|paid| paid.auto_renew).map_or(0, |paid| paid.renew_period),
            "RenewalDurationUnit": paid.filter(|paid| paid.auto_renew).map_or("", |paid| unit(&paid.renew_unit)),
        }
    });
    well(map! {
        "InstanceList": list.collect::<Vec<_>>(),
        "PageNum": number,
        "PageSize": size,
        "TotalCount": found.len(),
    })
}

/// The billing API's letter for a unit of time.
fn unit(of_ecs: &str) -> &'static str {
    if of_ecs.eq_ignore_ascii_case("year") {
        "Y"
    } else {
        "M"
    }
}

fn set_renewal(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let ids = params.comma_list("InstanceIDs", 100)?.unwrap_or_default();
    let status = params.required("RenewalStatus")?;
    if params.required("ProductCode")? != "ecs" || params.text("ProductType").is_some() {
        return unwell("NotApplicable", "This API is not applicable for caller.");
    }
    if params.text_or("SubscriptionType", "Subscription") != "Subscription" {
        return unwell("InvalidParameter", "The SubscriptionType is not valid.");
    }
    let period = params.int("RenewalPeriod")?;
    let unit = match params.text("RenewalPeriodUnit") {
        None => None,
        Some("M") => Some("Month"),
        Some("Y") => Some("Year"),
        Some(_) => return unwell("InvalidParameter", "The RenewalPeriodUnit is not valid."),
    };
    if !matches!(status, "AutoRenewal" | "ManualRenewal" | "NotRenewal") {
        return unwell("InvalidParameter", "The RenewalStatus is not valid.");
    }
    if status == "AutoRenewal" && !period.is_some_and(|period| [1, 2, 3, 6, 12].contains(&period)) {
        return unwell("InvalidParameter", "The RenewalPeriod is not valid.");
    }
    let subscribed = |id: &&str| {
        let row = call.world.get::<Instance>(id);
        row.is_some_and(|row| row.subscription.is_some())
    };
    if ids.is_empty() || !ids.iter().all(subscribed) {
        return unwell(
            "InvalidInstance.NotFound",
            "The specified instance does not exist.",
        );
    }
    for id in ids {
        call.world.update::<Instance, _>(id, |row| {
            if let Some(paid) = &mut row.subscription {
                paid.auto_renew = status == "AutoRenewal";
                paid.not_renewed = status == "NotRenewal";
                paid.renew_period = period.unwrap_or(paid.renew_period);
                if let Some(unit) = unit {
                    unit.clone_into(&mut paid.renew_unit);
                }
            }
        });
    }
    Ok(map! { "Code": "Success", "Message": "Successful!", "Success": true })
}

// ── prices ───────────────────────────────────────────────────────────────────────────────────────────────────────

fn query_product_list(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let number = params.int("PageNum")?.unwrap_or(1);
    let size = params.int("PageSize")?.unwrap_or(20);
    if number < 1 || !(1..=300).contains(&size) {
        return Err(Refusal::invalid("PageNum"));
    }
    let kinds = PRODUCTS.iter().flat_map(|(code, name)| {
        let kinds: &[&str] = match *code {
            "ecs" => &["PayAsYouGo", "Subscription"],
            _ => &["PayAsYouGo"],
        };
        kinds.iter().map(move |kind| (code, name, kind))
    });
    let list = kinds.clone().map(|(code, name, kind)| {
        map! { "ProductCode": *code, "ProductName": *name, "ProductType": "", "SubscriptionType": *kind }
    });
    let skip = usize::try_from((number - 1).saturating_mul(size)).unwrap_or(usize::MAX);
    let list = list.skip(skip).take(usize::try_from(size).unwrap_or(20));
    let mut data = map! {
        "ProductList": map! { "Product": list.collect::<Vec<_>>() },
        "PageNum": number,
        "PageSize": size,
    };
    if params.flag("QueryTotalCount") {
        data.push("TotalCount", kinds.count());
    }
    well(data)
}

/// What of the request's product is paid for by itself; `None` when there is no such product.
fn modules<'t>(call: &'t Call<'_>) -> Result<Option<Vec<&'t PricedModule>>, Refusal> {
    let product = call.params.required("ProductCode")?;
    let kind = call.params.required("SubscriptionType")?;
    if !matches!(kind, "PayAsYouGo" | "Subscription") {
        return Err(Refusal::invalid("SubscriptionType"));
    }
    let sold = product == "ecs" || kind == "PayAsYouGo";
    let known = PRODUCTS.iter().any(|(code, _)| *code == product);
    if !known || !sold || call.params.text("ProductType").is_some() {
        return Ok(None);
    }
    Ok(Some(call.settings.catalogue.priced_modules(Some(product))))
}

const NO_PRODUCT: (&str, &str) = (
    "PRODUCT.NOT_FIND",
    "The specified product with this subscription type does not exist.",
);

fn describe_pricing_module(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let Some(modules) = modules(call)? else {
        return unwell(NO_PRODUCT.0, NO_PRODUCT.1);
    };
    let mut keys: Vec<&String> = modules.iter().flat_map(|module| &module.keys).collect();
    keys.sort();
    keys.dedup();
    let catalogue = &call.settings.catalogue;
    let attributes = keys.into_iter().map(|key| {
        let values: Vec<&str> = match key.as_str() {
            "InstanceType" => catalogue.instance_types().map(|kind| kind.id.as_str()).collect(),
            "InstanceTypeFamily" => catalogue.families().map(|family| family.id.as_str()).collect(),
            "SystemDisk.Category" | "DataDisk.Category" => super::super::catalogue::DISK_CATEGORIES.to_vec(),
            "Region" => super::super::catalogue::regions()
                .iter()
                .map(|region| region.id)
                .collect(),
            "ImageOs" => vec!["linux", "windows"],
            "IoOptimized" => vec!["IoOptimized", "none"],
            _ => Vec::new(),
        };
        let values = values
            .into_iter()
            .map(|value| map! { "Name": value, "Remark": "", "Type": "single_string", "Value": value });
        map! {
            "Code": key,
            "Name": key,
            "Unit": "",
            "Values": map! { "AttributeValue": values.collect::<Vec<_>>() },
        }
    });
    let list = modules.iter().map(|module| {
        map! {
            "ModuleCode": &module.code,
            "ModuleName": &module.name,
            "PriceType": &module.price_type,
            "Currency": "CNY",
            "ConfigList": map! { "ConfigList": texts(&module.keys) },
        }
    });
    well(map! {
        "AttributeList": map! { "Attribute": attributes.collect::<Vec<_>>() },
        "ModuleList": map! { "Module": list.collect::<Vec<_>>() },
    })
}

/// The value of a key in `key:value,key:value`.
fn setting<'t>(config: &'t str, key: &str) -> Option<&'t str> {
    config
        .split(',')
        .filter_map(|part| part.trim().split_once(':'))
        .find(|(own, _)| *own == key)
        .map(|(_, value)| value)
}

/// What an hour, or a unit of use, of a module with a configuration costs, in yuan; `None` when it cannot be had.
fn price(catalogue: &Catalogue, module: &PricedModule, config: &str) -> Option<f64> {
    let known = config
        .split(',')
        .filter_map(|part| part.trim().split_once(':'))
        .all(|(key, _)| module.keys.iter().any(|own| own == key));
    if !known || config.split(',').any(|part| !part.contains(':')) {
        return None;
    }
    let units = match module.per.as_str() {
        "" => 1,
        key => setting(config, key)?
            .parse::<i64>()
            .ok()
            .filter(|units| *units >= 0)?,
    };
    if let Some(price) = module.price {
        return Some((price * units) as f64 / 1_000_000.0);
    }
    match module.code.as_str() {
        "InstanceType" => {
            let kind = catalogue.find_instance_type(setting(config, "InstanceType")?)?;
            Some(catalogue.price_per_hour(kind) as f64 / 1000.0)
        }
        disk => {
            let category = setting(config, &format!("{disk}.Category")).unwrap_or("cloud_efficiency");
            super::super::catalogue::disk_sizes(category)?;
            Some((units * catalogue.disk_price_per_gib_hour(category)) as f64 / 1_000_000.0)
        }
    }
}

/// The modules of a request with what each costs for an hour or a unit of use; what is wrong with one otherwise.
fn priced(call: &Call<'_>) -> Result<Result<Vec<(String, f64)>, Node>, Refusal> {
    let Some(known) = modules(call)? else {
        return unwell(NO_PRODUCT.0, NO_PRODUCT.1).map(Err);
    };
    if let Some(region) = call.params.text("Region")
        && super::super::catalogue::find_region(region).is_none()
    {
        return unwell("InvalidParameter", "The Region is not valid.").map(Err);
    }
    let mut prices = Vec::new();
    for group in call.params.groups("ModuleList") {
        let (code, config) = (group.required("ModuleCode")?, group.required("Config")?);
        let kind = group.text("PriceType");
        let module = known
            .iter()
            .find(|module| module.code == code && kind.is_none_or(|kind| kind == module.price_type));
        let price = module.and_then(|module| price(&call.settings.catalogue, module, config));
        match price {
            Some(price) => prices.push((code.to_owned(), price)),
            None => {
                let message = format!("The module {code} with the configuration {config} has no price.");
                return unwell("PRICE.PRICING_PLAN_RESULT_NOT_FOUND", &message).map(Err);
            }
        }
    }
    Ok(Ok(prices))
}

fn details(prices: &[(String, f64)], times: f64) -> Node {
    let details = prices.iter().map(|(code, price)| {
        map! {
            "ModuleCode": code,
            "OriginalCost": price * times,
            "CostAfterDiscount": price * times,
            "InvoiceDiscount": 0.0,
            "UnitPrice": *price,
        }
    });
    map! { "ModuleDetail": details.collect::<Vec<_>>() }
}

fn pay_as_you_go_price(call: &mut Call<'_>) -> Result<Node, Refusal> {
    if call.params.required("SubscriptionType")? != "PayAsYouGo" {
        return refuse("InvalidParameter");
    }
    match priced(call)? {
        Err(unwell) => Ok(unwell),
        Ok(prices) => well(map! {
            "Currency": "CNY",
            "ModuleDetails": details(&prices, 1.0),
            "PromotionDetails": map! { "PromotionDetail": Vec::new() },
        }),
    }
}

fn subscription_price(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    if params.required("SubscriptionType")? != "Subscription" {
        return refuse("InvalidParameter");
    }
    match (params.required("OrderType")?, params.text("InstanceId")) {
        ("NewOrder", _) => {}
        ("Renewal" | "Upgrade", Some(id)) => {
            call.find::<Instance>(id, "InvalidInstance.NotFound")?;
        }
        ("Renewal" | "Upgrade", None) => return Err(Refusal::missing("InstanceId")),
        _ => return Err(Refusal::invalid("OrderType")),
    }
    let quantity = params.int("Quantity")?.unwrap_or(1);
    let periods = params.int("ServicePeriodQuantity")?.unwrap_or(1);
    if !(1..=1000).contains(&quantity) || !(1..=60).contains(&periods) {
        return Err(Refusal::invalid("Quantity"));
    }
    let months = match params.text_or("ServicePeriodUnit", "Month") {
        "Month" => periods,
        // Ten months are paid for a year.
        "Year" => periods * 10,
        _ => return Err(Refusal::invalid("ServicePeriodUnit")),
    };
    let prices = match priced(call)? {
        Err(unwell) => return Ok(unwell),
        Ok(prices) => prices,
    };
    let times = HOURS_OF_MONTH * (months * quantity) as f64;
    let total: f64 = prices.iter().map(|(_, price)| price * times).sum();
    well(map! {
        "Currency": "CNY",
        "Quantity": quantity,
        "OriginalPrice": total,
        "TradePrice": total,
        "DiscountPrice": 0.0,
        "ModuleDetails": details(&prices, times),
        "PromotionDetails": map! { "PromotionDetail": Vec::new() },
    })
}
