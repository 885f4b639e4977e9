//! Refusals: an error code with what it needs to become an error answer. Does not know HTTP bodies.

/// Why a request is refused. Status and message come from the tables unless the place that refuses knows better.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) code: String,
    pub(super) message: Option<String>,
    pub(super) status: Option<u16>,
}

/// Refuses with a code; its status and message are looked up.
pub(super) fn refuse<T>(code: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal::new(code))
}

impl Refusal {
    pub(super) fn new(code: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            message: None,
            status: None,
        }
    }

    pub(super) fn with_message(mut self, message: impl Into<String>) -> Self {
        self.message = Some(message.into());
        self
    }

    pub(super) fn with_status(mut self, status: u16) -> Self {
        self.status = Some(status);
        self
    }

    pub(super) fn missing(name: &str) -> Self {
        Self::new("MissingParameter").with_message(format!(
            "The input parameter \"{name}\" that is mandatory for processing this request is not supplied."
        ))
    }

    pub(super) fn invalid(name: &str) -> Self {
        Self::new("InvalidParameter")
            .with_message(format!("The specified parameter \"{name}\" is not valid."))
    }
}

/// Status and message of the codes that the gateway gives and of the commonest ones of the products.
const KNOWN: &[(&str, u16, &str)] = &[
    (
        "SignatureDoesNotMatch",
        400,
        "Specified signature is not matched with our calculation.",
    ),
    (
        "IncompleteSignature",
        400,
        "The request signature does not conform to Aliyun standards.",
    ),
    (
        "InvalidAccessKeyId.NotFound",
        404,
        "Specified access key is not found.",
    ),
    (
        "InvalidAccessKeyId.Inactive",
        400,
        "Specified access key is disabled.",
    ),
    (
        "InvalidTimeStamp.Expired",
        400,
        "Specified time stamp or date value is expired.",
    ),
    (
        "InvalidTimeStamp.Format",
        400,
        "Specified time stamp or date value is not well formatted.",
    ),
    (
        "SignatureNonceUsed",
        400,
        "Specified signature nonce was used already.",
    ),
    (
        "InvalidSignatureMethod",
        400,
        "Specified signature method is not valid.",
    ),
    (
        "InvalidSecurityToken.Expired",
        400,
        "Specified SecurityToken is expired.",
    ),
    (
        "InvalidSecurityToken.Malformed",
        400,
        "Specified SecurityToken is malformed.",
    ),
    (
        "InvalidSecurityToken.MismatchWithAccessKey",
        400,
        "Specified SecurityToken mismatch with the AccessKey.",
    ),
    (
        "InvalidAction.NotFound",
        404,
        "Specified api is not found, please check your url and method.",
    ),
    ("InvalidVersion", 400, "Specified parameter Version is not valid."),
    (
        "InvalidProduct.NotFound",
        404,
        "Cannot find product according to your specified domain.",
    ),
    (
        "InvalidOperation.NotSupportedEndpoint",
        404,
        "The specified endpoint can't operate this region. Please use API DescribeRegions to get the appropriate \
         endpoint, or upgrade your SDK to latest version.",
    ),
    ("UnsupportedHTTPMethod", 400, "This HTTP method is not supported."),
    (
        "InvalidParameter.Format",
        400,
        "Specified parameter format is not valid.",
    ),
    (
        "MissingParameter",
        400,
        "A parameter that is mandatory for processing this request is not supplied.",
    ),
    ("InvalidParameter", 400, "A specified parameter is not valid."),
    ("Throttling", 400, "Request was denied due to request throttling."),
    (
        "Throttling.User",
        400,
        "Request was denied due to user flow control.",
    ),
    (
        "Throttling.Api",
        400,
        "Request was denied due to api flow control.",
    ),
    (
        "Throttling.Resource",
        429,
        "The request throttle by resource operation.",
    ),
    (
        "IdempotentParameterMismatch",
        400,
        "The request uses the same client token as a previous, but non-identical request. Do not reuse a client \
         token with different requests, unless the requests are identical.",
    ),
    (
        "IdempotenceParamNotMatch",
        400,
        "Request uses a client token in a previous request but is not identical to that request.",
    ),
    (
        "IdempotentProcessing",
        403,
        "The previous idempotent request(s) is still processing.",
    ),
    (
        "LastTokenProcessing",
        403,
        "The last token request is processing.",
    ),
    (
        "OperationFailed.IdempotentTokenProcessing",
        400,
        "Action is processing.",
    ),
    ("TOKEN_PROCESSING", 400, "Action is processing."),
    (
        "InvalidClientToken.ValueNotSupported",
        400,
        "The ClientToken provided is invalid.",
    ),
    (
        "DryRunOperation",
        400,
        "Request validation has been passed with DryRun flag set.",
    ),
    (
        "DRYRUN.SUCCESS",
        400,
        "This request is a dryrun request with successful result.",
    ),
    (
        "Forbidden.RAM",
        403,
        "User not authorized to operate on the specified resource, or this API doesn't support RAM.",
    ),
    (
        "IncorrectInstanceStatus",
        403,
        "The current status of the resource does not support this operation.",
    ),
    (
        "IncorrectInstanceStatus.Initializing",
        403,
        "The specified instance status does not support this operation.",
    ),
    (
        "InvalidInstanceStatus.NotStopped",
        400,
        "The specified Instance status is not stopped.",
    ),
    (
        "InvalidStatus.NotStopped",
        400,
        "Instance status must be stopped.",
    ),
    (
        "InvalidInstanceId.NotFound",
        404,
        "The specified InstanceId does not exist.",
    ),
    (
        "InvalidRegionId.NotFound",
        404,
        "The specified RegionId does not exist.",
    ),
    (
        "InternalError",
        500,
        "The request processing has failed due to some unknown error, exception or failure.",
    ),
    (
        "ServiceUnavailable",
        503,
        "The request has failed due to a temporary failure of the server.",
    ),
    (
        "OperationConflict",
        409,
        "Request was denied due to conflict with a previous request.",
    ),
    (
        "ChargeTypeViolation",
        403,
        "The operation is not permitted due to charge type of the instance.",
    ),
    (
        "InvalidOperation.DeletionProtection",
        403,
        "The operation is not allowed because the instance is under deletion protection.",
    ),
    (
        "DependencyViolation",
        403,
        "There is still dependent resource on it.",
    ),
    (
        "AllocatedAlready",
        403,
        "The specified instance has been allocated a public IP.",
    ),
    (
        "AllocateIpInvalidInstanceBandwidth",
        400,
        "The bandwidth of the instance must be greater than 0 to be allocated a public IP.",
    ),
    ("InvalidVpcId.NotFound", 404, "Specified VPC does not exist."),
    (
        "InvalidVSwitchId.NotFound",
        404,
        "Specified virtual switch does not exist.",
    ),
    (
        "InvalidSecurityGroupId.NotFound",
        404,
        "The specified SecurityGroupId does not exist.",
    ),
    (
        "InvalidZoneId.NotFound",
        404,
        "The specified zone does not exist.",
    ),
    (
        "InvalidImageId.NotFound",
        404,
        "The specified ImageId does not exist.",
    ),
    (
        "InvalidDiskId.NotFound",
        404,
        "The specified DiskId does not exist.",
    ),
    (
        "InvalidKeyPairName.NotFound",
        404,
        "The specified KeyPairName does not exist.",
    ),
    (
        "OperationDenied.NoStock",
        403,
        "The requested resource is sold out in the specified zone; try other types of resources or other regions \
         and zones.",
    ),
    (
        "InvalidCidrBlock.Overlapped",
        400,
        "Specified CIDR block is overlapped with other subnet.",
    ),
    (
        "IncorrectVpcStatus",
        400,
        "Current VPC status does not support this operation.",
    ),
    (
        "IncorrectVSwitchStatus",
        400,
        "Current virtual switch status does not support this operation.",
    ),
    (
        "OperationDenied.OtherSubnetCreating",
        400,
        "Other subnet is creating in this VPC, please try later.",
    ),
    (
        "OperationDenied.OtherSubnetProcessing",
        400,
        "Other subnet is processing in this VPC, please try later.",
    ),
    (
        "TaskConflict",
        400,
        "The operation is too frequent, please wait a moment and try again.",
    ),
];

/// Status and message of a code when its action's table does not say.
pub(super) fn known(code: &str) -> Option<(u16, &'static str)> {
    KNOWN
        .iter()
        .find(|(known, ..)| *known == code)
        .map(|(_, status, message)| (*status, *message))
}

/// A plain sentence for a code whose message is not public: it says what the code's own words say.
pub(super) fn sentence(code: &str) -> String {
    let (subject, detail) = code.split_once('.').unwrap_or((code, ""));
    let named = |prefix: &str| subject.strip_prefix(prefix).filter(|rest| !rest.is_empty());
    let what = words(detail);
    if let Some(name) = named("Missing") {
        let name = if detail.is_empty() { name } else { detail };
        return format!(
            "The input parameter {name} that is mandatory for processing this request is not supplied."
        );
    }
    if let Some(name) = named("Invalid") {
        return match detail {
            "NotFound" | "NotExist" => format!("The specified {name} does not exist."),
            "" | "Malformed" | "MalFormed" | "Format" => format!("The specified {name} is not valid."),
            "Duplicate" | "Duplicated" | "AlreadyExist" | "AlreadyExists" => {
                format!("The specified {name} already exists.")
            }
            _ => format!("The specified {name} is not valid: {what}."),
        };
    }
    if subject.starts_with("Incorrect") {
        return "The current status of the resource does not support this operation.".to_owned();
    }
    if subject.starts_with("QuotaExceed") || subject.starts_with("LimitExceed") {
        return if what.is_empty() {
            "The quota is exceeded.".to_owned()
        } else {
            format!("The quota of {what} is exceeded.")
        };
    }
    if subject == "DependencyViolation" {
        return format!("There is still a dependent resource on it: {what}.");
    }
    if what.is_empty() {
        format!("The request was denied: {}.", words(subject))
    } else {
        format!("The request was denied: {}, {what}.", words(subject))
    }
}

/// `NotSupportDiskCategory` as "not support disk category"; words in capitals stay.
fn words(name: &str) -> String {
    let symbols: Vec<char> = name.chars().collect();
    let mut out = String::with_capacity(name.len() + 8);
    for (place, symbol) in symbols.iter().enumerate() {
        let next_is_small = symbols.get(place + 1).is_some_and(char::is_ascii_lowercase);
        let after_small = place > 0 && symbols[place - 1].is_ascii_lowercase();
        if *symbol == '.' {
            out.push_str(", ");
        } else if symbol.is_ascii_uppercase() && (next_is_small || after_small) {
            if place > 0 && symbols[place - 1] != '.' {
                out.push(' ');
            }
            if next_is_small {
                out.push(symbol.to_ascii_lowercase());
            } else {
                out.push(*symbol);
            }
        } else {
            out.push(*symbol);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_without_a_public_message_says_what_its_words_say() {
        for (code, want) in [
            ("InvalidZoneId.NotFound", "The specified ZoneId does not exist."),
            ("InvalidSpec", "The specified Spec is not valid."),
            (
                "InvalidInstanceType.NotSupportDiskCategory",
                "The specified InstanceType is not valid: not support disk category.",
            ),
            (
                "MissingParamter.RegionId",
                "The input parameter RegionId that is mandatory for processing this request is not supplied.",
            ),
            (
                "QuotaExceed.ElasticQuota",
                "The quota of elastic quota is exceeded.",
            ),
            (
                "OperationDenied.EIPInUse",
                "The request was denied: operation denied, EIP in use.",
            ),
            ("", "The request was denied: ."),
        ] {
            assert_eq!(sentence(code), want);
        }
    }
}
