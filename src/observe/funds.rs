//! What the account can pay with.
//!
//! Does not know what costs how much.

use crate::api::action;
use crate::cloud::{Cloud, Request};

/// What there is to pay with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Funds {
    /// Hundredths.
    pub(crate) available: i64,
    /// `CNY`
    pub(crate) currency: String,
}

/// Asks for the balance, credit included; none if nobody tells.
pub(crate) async fn read(cloud: &Cloud) -> Option<Funds> {
    let reply = cloud
        .read(&Request::new(&action::QUERY_ACCOUNT_BALANCE))
        .await
        .ok()?;
    let data = &reply.body["Data"];
    Some(Funds {
        available: hundredths(data["AvailableAmount"].as_str()?)?,
        currency: data["Currency"].as_str().unwrap_or_default().to_owned(),
    })
}

/// `10,000.05` in hundredths.
fn hundredths(text: &str) -> Option<i64> {
    let amount: f64 = text.replace(',', "").parse().ok()?;
    amount.is_finite().then(|| (amount * 100.0).round() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_as_the_api_writes_them() {
        for (text, expected) in [
            ("10,000.00", Some(1_000_000)),
            ("0.00", Some(0)),
            ("-3.07", Some(-307)),
            ("12", Some(1_200)),
            ("", None),
            ("NaN", None),
            ("much", None),
        ] {
            assert_eq!(hundredths(text), expected, "{text}");
        }
    }
}
