//! Where requests of a product and region go, and which addresses are allowed at all.
//!
//! Plain http reaches loopback only, so keys never leave the machine in clear text; an address in a configuration
//! file may name only a host that would be made here for a product and region, because a cloned repository is not
//! trusted: customers own other names of the vendor's domain, and a signature does not bind the host, so that any
//! listener on this machine could replay what it is sent. Does not know how a connection is made.

use std::collections::BTreeMap;
use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use crate::api::Product;
use crate::region::REGIONS;

/// The vendor's domain.
const VENDOR_DOMAIN: &str = ".aliyuncs.com";

/// A base address, such as `https://ecs.cn-beijing.aliyuncs.com`: scheme, host and port, nothing else.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Endpoint {
    scheme: &'static str,
    /// In lower case; an IPv6 address in brackets.
    host: String,
    port: Option<u16>,
    is_loopback: bool,
}

/// Why an address is not used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum EndpointError {
    #[error("it is not of the form https://HOST or https://HOST:PORT")]
    Form,
    #[error("user names and passwords in an address are not accepted")]
    UserInfo,
    #[error("the host is neither a name nor a plain IP address")]
    Host,
    #[error("plain http would send the request in clear text; it is used for loopback addresses only")]
    PlainHttp,
    #[error("a file may name only a host that infra itself uses for a product and region, over https")]
    NotTrusted,
}

/// Who names an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trust {
    /// An environment variable or the program itself.
    Environment,
    /// A file that may come from somebody else.
    File,
}

impl Endpoint {
    /// Reads an address.
    pub(crate) fn parse(text: &str, trust: Trust) -> Result<Endpoint, EndpointError> {
        let (scheme, rest) = match text.split_once("://") {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") => ("https", rest),
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => ("http", rest),
            _ => return Err(EndpointError::Form),
        };
        let authority = rest.strip_suffix('/').unwrap_or(rest);
        if authority.contains('@') {
            return Err(EndpointError::UserInfo);
        }
        if authority.contains(['/', '\\', '?', '#', '%']) {
            return Err(EndpointError::Form);
        }
        let (host, port) = split_port(authority)?;
        let host = host.to_ascii_lowercase();
        let is_loopback = check_host(&host)?;
        if scheme == "http" && !is_loopback {
            return Err(EndpointError::PlainHttp);
        }
        let endpoint = Endpoint {
            scheme,
            host,
            port,
            is_loopback,
        };
        if trust == Trust::File && !endpoint.is_own() {
            return Err(EndpointError::NotTrusted);
        }
        Ok(endpoint)
    }

    /// Whether it would be made here too, for some product and region.
    fn is_own(&self) -> bool {
        self.scheme == "https"
            && matches!(self.port, None | Some(443))
            && REGIONS.iter().any(|region| {
                Product::ALL
                    .into_iter()
                    .any(|product| product.host(region) == self.host)
            })
    }

    fn of_vendor(host: String) -> Endpoint {
        Endpoint {
            scheme: "https",
            host,
            port: None,
            is_loopback: false,
        }
    }

    /// Whether it is Alibaba Cloud itself.
    pub(crate) fn is_vendor(&self) -> bool {
        self.scheme == "https" && self.host.ends_with(VENDOR_DOMAIN)
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.host)?;
        match self.port {
            Some(port) => write!(f, ":{port}"),
            None => Ok(()),
        }
    }
}

/// Why an address may not stand in a file of the configuration.
pub(crate) fn may_stand_in_a_file(text: &str) -> Result<(), String> {
    match Endpoint::parse(text, Trust::File) {
        Ok(_) => Ok(()),
        Err(error) => Err(error.to_string()),
    }
}

fn split_port(authority: &str) -> Result<(&str, Option<u16>), EndpointError> {
    let host_end = if authority.starts_with('[') {
        authority.find(']').ok_or(EndpointError::Form)? + 1
    } else {
        authority.find(':').unwrap_or(authority.len())
    };
    let (host, rest) = authority.split_at(host_end);
    let Some(digits) = rest.strip_prefix(':') else {
        return if rest.is_empty() {
            Ok((host, None))
        } else {
            Err(EndpointError::Form)
        };
    };
    // `parse` alone would take "+80".
    let port = digits
        .bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| digits.parse::<u16>().ok())
        .flatten()
        .filter(|port| *port != 0)
        .ok_or(EndpointError::Form)?;
    Ok((host, Some(port)))
}

/// Whether a host is this machine; an error if it is no clean name or address.
fn check_host(host: &str) -> Result<bool, EndpointError> {
    if let Some(inner) = host.strip_prefix('[') {
        let inner = inner.strip_suffix(']').ok_or(EndpointError::Host)?;
        let address: Ipv6Addr = inner.parse().map_err(|_| EndpointError::Host)?;
        return Ok(address.is_loopback());
    }
    let labels: Vec<&str> = host.split('.').collect();
    let clean = labels.iter().all(|label| {
        !label.is_empty()
            && label.len() <= 63
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    });
    if !clean || host.len() > 253 {
        return Err(EndpointError::Host);
    }
    // Resolvers take 2130706433, 0x7f.1 and 127.1 for addresses: what ends like a number must be a whole one.
    let last = labels.last().copied().unwrap_or_default();
    if last.starts_with("0x") || last.bytes().all(|byte| byte.is_ascii_digit()) {
        let address: Ipv4Addr = host.parse().map_err(|_| EndpointError::Host)?;
        return Ok(address.is_loopback());
    }
    Ok(host == "localhost")
}

/// The addresses of all products for one region.
#[derive(Debug, Clone)]
pub(crate) struct Endpoints(BTreeMap<&'static Product, Endpoint>);

/// An address that was given and cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BadEndpoint {
    /// Where it was given: a variable or `[infra] endpoint`.
    pub(crate) place: String,
    pub(crate) value: String,
    pub(crate) error: EndpointError,
}

impl Endpoints {
    /// The addresses for a region: a variable for the product, else `INFRA_ENDPOINT`, else the file's own, else
    /// the vendor's.
    pub(crate) fn resolve(
        region: &str,
        vars: &BTreeMap<String, String>,
        endpoint_file: Option<&str>,
    ) -> Result<Endpoints, BadEndpoint> {
        let given = |place: &str, trust: Trust, value: Option<&str>| {
            let value = value.filter(|value| !value.is_empty());
            value
                .map(|value| {
                    Endpoint::parse(value, trust).map_err(|error| BadEndpoint {
                        place: place.to_owned(),
                        value: value.to_owned(),
                        error,
                    })
                })
                .transpose()
        };
        let var = |name: &str| given(name, Trust::Environment, vars.get(name).map(String::as_str));
        let everywhere = var("INFRA_ENDPOINT")?;
        let file = given("[infra] endpoint", Trust::File, endpoint_file)?;
        let mut endpoints = BTreeMap::new();
        for product in Product::ALL {
            let own = var(&format!("ALIBABA_CLOUD_ENDPOINT_{}", product.name.to_uppercase()))?;
            let endpoint = own
                .or_else(|| everywhere.clone())
                .or_else(|| file.clone())
                .unwrap_or_else(|| Endpoint::of_vendor(product.host(region)));
            endpoints.insert(product, endpoint);
        }
        Ok(Endpoints(endpoints))
    }

    /// One address for every product.
    pub(crate) fn everywhere(endpoint: &Endpoint) -> Endpoints {
        Endpoints(
            Product::ALL
                .into_iter()
                .map(|product| (product, endpoint.clone()))
                .collect(),
        )
    }

    /// The address of a product.
    pub(crate) fn get(&self, product: &'static Product) -> &Endpoint {
        &self.0[product]
    }

    /// Whether all of them are Alibaba Cloud itself.
    pub(crate) fn are_vendor(&self) -> bool {
        self.0.values().all(Endpoint::is_vendor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::product::{ECS, STS, VPC};

    fn resolve(region: &str, vars: &[(&str, &str)], file: Option<&str>) -> Result<Endpoints, BadEndpoint> {
        let vars = vars
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        Endpoints::resolve(region, &vars, file)
    }

    #[test]
    fn every_region_has_its_address() {
        for (region, ecs, vpc) in [
            (
                "cn-beijing",
                "https://ecs.cn-beijing.aliyuncs.com",
                "https://vpc.cn-beijing.aliyuncs.com",
            ),
            (
                "cn-hangzhou",
                "https://ecs-cn-hangzhou.aliyuncs.com",
                "https://vpc.aliyuncs.com",
            ),
            (
                "cn-shanghai-finance-1",
                "https://ecs-cn-hangzhou.aliyuncs.com",
                "https://vpc.aliyuncs.com",
            ),
        ] {
            let endpoints = resolve(region, &[], None).unwrap();
            assert_eq!(endpoints.get(&ECS).to_string(), ecs);
            assert_eq!(endpoints.get(&VPC).to_string(), vpc);
            assert_eq!(endpoints.get(&STS).to_string(), "https://sts.aliyuncs.com");
            assert!(endpoints.are_vendor());
        }
    }

    #[test]
    fn the_nearest_override_wins() {
        let endpoints = resolve(
            "cn-beijing",
            &[
                ("INFRA_ENDPOINT", "http://127.0.0.1:7070/"),
                (
                    "ALIBABA_CLOUD_ENDPOINT_VPC",
                    "https://vpc-vpc.cn-beijing.aliyuncs.com",
                ),
            ],
            Some("https://ecs.cn-beijing.aliyuncs.com"),
        )
        .unwrap();
        assert_eq!(endpoints.get(&ECS).to_string(), "http://127.0.0.1:7070");
        assert_eq!(
            endpoints.get(&VPC).to_string(),
            "https://vpc-vpc.cn-beijing.aliyuncs.com"
        );
        assert!(!endpoints.are_vendor());
    }

    #[test]
    fn loopback_may_be_plain() {
        for text in [
            "http://127.0.0.1:7070",
            "http://127.9.8.7",
            "http://localhost:1",
            "http://LOCALHOST:65535/",
            "http://[::1]:7070",
            "https://127.0.0.1:7443",
        ] {
            assert!(Endpoint::parse(text, Trust::Environment).is_ok(), "{text}");
            assert_eq!(
                Endpoint::parse(text, Trust::File),
                Err(EndpointError::NotTrusted),
                "{text}"
            );
        }
    }

    #[test]
    fn nothing_else_may_be_plain_or_pretend() {
        for text in [
            "http://127.0.0.1.evil",
            "http://127.0.0.1.evil.com:7070",
            "http://localhost.evil.com",
            "http://evil.localhost",
            "http://evil.com",
            "http://ecs.cn-beijing.aliyuncs.com",
            "http://127.0.0.1@evil.com",
            "http://user:word@127.0.0.1:7070",
            "http://127.0.0.1:80@evil.com",
            "http://2130706433",
            "http://0x7f000001",
            "http://0x7f.0.0.1",
            "http://127.1",
            "http://127.0.0.1.",
            "http://0127.0.0.1",
            "http://128.0.0.1",
            "http://0.0.0.0:7070",
            "http://[::ffff:127.0.0.1]:7070",
            "http://[::]:7070",
            "http://[::1",
            "http://[::1]evil.com",
            "http://127.0.0.1:7070/path",
            "http://127.0.0.1:7070?x=1",
            "http://127.0.0.1#@evil.com",
            "http://127.0.0.1\\@evil.com",
            "http://127.0.0.1%2eevil.com",
            "http://127.0.0.1:0",
            "http://127.0.0.1:65536",
            "http://127.0.0.1:+80",
            "http://127.0.0.1:",
            "http://",
            "http:///",
            "http:127.0.0.1",
            "//127.0.0.1",
            "127.0.0.1:7070",
            "ftp://127.0.0.1",
            "file:///etc/passwd",
            "https://2130706433",
            "https://ecs.cn-beijing.aliyuncs.com.",
            "https://\u{ff11}27.0.0.1",
            "http://127.0.0.1\n.evil.com",
            "http://127.0.0.1 .evil.com",
            "",
        ] {
            assert!(
                Endpoint::parse(text, Trust::Environment).is_err(),
                "{text:?} was accepted"
            );
        }
    }

    #[test]
    fn a_file_may_not_send_keys_to_strangers_but_the_environment_may() {
        for text in [
            "https://evil.com",
            "https://evilaliyuncs.com",
            "https://aliyuncs.com.evil.com",
            "https://10.0.0.1",
            "https://aliyuncs.com",
            "https://mine.cn-beijing.fc.aliyuncs.com",
            "https://bucket.oss-cn-beijing.aliyuncs.com",
            "https://ecs.cn-beijing.aliyuncs.com:8443",
            "https://ecs.cn-nowhere.aliyuncs.com",
        ] {
            assert_eq!(
                Endpoint::parse(text, Trust::File),
                Err(EndpointError::NotTrusted),
                "{text}"
            );
            assert!(Endpoint::parse(text, Trust::Environment).is_ok(), "{text}");
        }
        let error = resolve("cn-beijing", &[], Some("https://evil.com")).unwrap_err();
        assert_eq!(error.place, "[infra] endpoint");
    }
}
