//! Where key pairs come from, and what is said when there is none.

use super::*;
use crate::cloud::identity::{self, IdentityError};
use crate::diagnostic::Diagnostic;

const CONFIG: &str = "/home/me/.aliyun/config.json";
const INI: &str = "/home/me/.alibabacloud/credentials";

fn world(vars: &[(&str, &str)], files: &[(&str, &str)]) -> World {
    let mut world = World::new();
    world.vars.insert("HOME".to_owned(), "/home/me".to_owned());
    for (name, value) in vars {
        world.vars.insert((*name).to_owned(), (*value).to_owned());
    }
    for (path, text) in files {
        world.files.insert(path.into(), text.as_bytes().to_vec());
    }
    world
}

/// Where the key pair is found, its id, and whether it has a token.
async fn find(world: &World, profile: Option<&str>) -> Result<(String, String, bool), IdentityError> {
    let source = identity::find(&world.env(), profile)?.source;
    let loaded = source.load().await?;
    let credentials = loaded.credentials;
    Ok((
        source.describe(),
        credentials.access_key_id().to_owned(),
        credentials.security_token().is_some(),
    ))
}

const PROFILES: &str = r#"{"current": "work", "profiles": [
    {"name": "work", "mode": "AK", "access_key_id": "AK-work", "access_key_secret": "canary", "region_id": "cn-beijing"},
    {"name": "temp", "mode": "StsToken", "access_key_id": "AK-temp", "access_key_secret": "canary", "sts_token": "canary"},
    {"name": "half", "mode": "AK", "access_key_id": "AK-half"},
    {"name": "role", "mode": "EcsRamRole", "ram_role_name": "r"},
    {"name": "shell", "mode": "External", "process_command": "echo {\"mode\":\"AK\",\"access_key_id\":\"AK-shell\",\"access_key_secret\":\"canary\"}"},
    {"name": "broken", "mode": "External", "process_command": "echo canary"},
    {"name": "failing", "mode": "External", "process_command": "false"}
]}"#;

#[tokio::test]
async fn the_environment_comes_first_then_the_profile_then_the_sdks_file() {
    let ini = "# mine\n[default]\ntype = access_key\naccess_key_id = AK-ini\naccess_key_secret = canary\n\
               [temp2]\ntype=sts\naccess_key_id=AK-ini2\naccess_key_secret=canary\nsecurity_token=canary\n";
    let env = [
        ("ALIBABA_CLOUD_ACCESS_KEY_ID", "AK-env"),
        ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "canary"),
    ];
    let files = [(CONFIG, PROFILES), (INI, ini)];
    let (source, id, _) = find(&world(&env, &files), None).await.unwrap();
    assert_eq!(
        (source.as_str(), id.as_str()),
        ("environment variables", "AK-env")
    );
    let (source, id, _) = find(&world(&[], &files), None).await.unwrap();
    assert_eq!(id, "AK-work");
    assert_eq!(source, format!("profile \"work\" of {CONFIG}"));
    let (_, id, has_token) = find(&world(&[], &files), Some("temp")).await.unwrap();
    assert_eq!((id.as_str(), has_token), ("AK-temp", true));
    let named = world(&[("ALIBABA_CLOUD_PROFILE", "temp")], &files);
    assert_eq!(find(&named, None).await.unwrap().1, "AK-temp");
    let (source, id, has_token) = find(&world(&[], &files), Some("temp2")).await.unwrap();
    assert_eq!((id.as_str(), has_token), ("AK-ini2", true));
    assert_eq!(source, format!("section [temp2] of {INI}"));
    let disabled = world(&[("ALIBABA_CLOUD_CLI_PROFILE_DISABLED", "true")], &files);
    assert_eq!(find(&disabled, None).await.unwrap().1, "AK-ini");
    let path = world(
        &[("ALIBABA_CLOUD_CREDENTIALS_FILE", "keys.ini")],
        &[("/project/keys.ini", ini)],
    );
    assert_eq!(find(&path, None).await.unwrap().1, "AK-ini");
    let ini_name = [("/home/me/.alibabacloud/credentials.ini", ini)];
    assert_eq!(find(&world(&[], &ini_name), None).await.unwrap().1, "AK-ini");
}

#[tokio::test]
async fn a_command_prints_a_key_pair_and_what_it_prints_is_never_shown() {
    let world = world(&[], &[(CONFIG, PROFILES)]);
    assert_eq!(find(&world, Some("shell")).await.unwrap().1, "AK-shell");
    for name in ["broken", "failing"] {
        let error = find(&world, Some(name)).await.unwrap_err();
        assert!(matches!(error, IdentityError::Command { .. }), "{error:?}");
        assert!(!format!("{error:?} {error}").contains("canary"), "{error:?}");
    }
}

#[tokio::test]
async fn without_credentials_every_place_that_was_looked_at_is_named() {
    let error = find(&world(&[], &[]), None).await.unwrap_err();
    let diagnostic = Diagnostic::from(&error);
    assert_eq!(diagnostic.code, "E0701");
    let notes = diagnostic.notes.join("\n");
    for place in [
        "ALIBABA_CLOUD_ACCESS_KEY_ID",
        "/home/me/.aliyun/config.json",
        "/home/me/.alibabacloud/credentials",
        "/home/me/.alibabacloud/credentials.ini",
    ] {
        assert!(notes.contains(place), "{place} in {notes}");
    }
    assert!(diagnostic.help.iter().any(|help| help.contains("--sim")));
}

#[tokio::test]
async fn what_is_half_there_is_an_error_and_not_skipped() {
    let only_id = world(
        &[("ALIBABA_CLOUD_ACCESS_KEY_ID", "AK-env")],
        &[(CONFIG, PROFILES)],
    );
    let error = find(&only_id, None).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the environment sets ALIBABA_CLOUD_ACCESS_KEY_ID but has no ALIBABA_CLOUD_ACCESS_KEY_SECRET"
    );
    let profiles = world(&[], &[(CONFIG, PROFILES)]);
    let error = find(&profiles, Some("half")).await.unwrap_err();
    assert!(matches!(error, IdentityError::Incomplete { .. }), "{error:?}");
    let error = find(&profiles, Some("role")).await.unwrap_err();
    assert!(matches!(error, IdentityError::Unsupported { .. }), "{error:?}");
    let error = find(&profiles, Some("wrok")).await.unwrap_err();
    let diagnostic = Diagnostic::from(&error);
    assert_eq!(diagnostic.code, "E0703");
    assert!(
        diagnostic.help[0].contains("work, temp, half"),
        "{:?}",
        diagnostic.help
    );
    for (path, text) in [
        (CONFIG, "{\"profiles\": [{\"access_key_secret\": \"canary\" oops"),
        (INI, "[default]\ncanary\n"),
        (INI, "access_key_secret = canary\n"),
    ] {
        let error = find(&world(&[], &[(path, text)]), None).await.unwrap_err();
        assert!(matches!(error, IdentityError::Unreadable { .. }), "{error:?}");
        assert!(!error.to_string().contains("canary"), "{error}");
    }
}

#[tokio::test]
async fn an_empty_profile_that_the_tool_made_counts_as_none() {
    let empty = r#"{"current":"default","profiles":[{"name":"default","mode":"AK","access_key_id":""}]}"#;
    let error = find(&world(&[], &[(CONFIG, empty)]), None).await.unwrap_err();
    assert!(matches!(error, IdentityError::NotFound { .. }), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn a_temporary_key_pair_is_replaced_before_it_runs_out() {
    struct Source(Arc<AtomicUsize>, World);
    impl identity::Source for Source {
        fn describe(&self) -> String {
            "a test".to_owned()
        }
        fn load(&self) -> crate::env::BoxFuture<'_, Result<identity::Loaded, IdentityError>> {
            let number = self.0.fetch_add(1, Ordering::SeqCst);
            let loaded = identity::Loaded {
                credentials: Credentials::new(format!("AK-{number}"), "canary", None),
                expires: Some(self.1.clock().now() + SignedDuration::from_secs(3600)),
            };
            Box::pin(async move { Ok(loaded) })
        }
    }
    let world = World::new();
    let loads = Arc::new(AtomicUsize::new(0));
    let source = Source(Arc::clone(&loads), world.clone());
    let identity = identity::Identity::new(Box::new(source), world.clock());
    let first = identity.current().await.unwrap();
    tokio::time::sleep(Duration::from_secs(2600)).await;
    assert_eq!(identity.current().await.unwrap().access_key_id(), "AK-0");
    tokio::time::sleep(Duration::from_secs(200)).await;
    assert_eq!(identity.current().await.unwrap().access_key_id(), "AK-1");
    // Somebody who still holds the old one reports that it has run out: the new one is kept.
    identity.forget(&first).await;
    let second = identity.current().await.unwrap();
    assert_eq!(second.access_key_id(), "AK-1");
    identity.forget(&second).await;
    assert_eq!(identity.current().await.unwrap().access_key_id(), "AK-2");
}

#[test]
fn a_region_that_would_name_another_host_is_refused() {
    for region in [
        "",
        "cn-beijing.evil.com",
        "cn_beijing",
        "CN-BEIJING",
        "a/b",
        "a@b",
        "\u{e4}",
    ] {
        let options = CloudOptions {
            region: Some(region.to_owned()),
            ..options()
        };
        let world = World::new().with_credentials();
        let result = Cloud::connect(&world.env(), options, Arc::new(Silent));
        assert!(result.is_err(), "{region:?} was accepted");
    }
}

#[test]
fn a_stranger_named_in_a_file_is_refused_with_a_way_out() {
    let options = CloudOptions {
        endpoint_file: Some("https://user:canary@evil.example".to_owned()),
        ..options()
    };
    let world = World::new().with_credentials();
    let error = Cloud::connect(&world.env(), options, Arc::new(Silent))
        .err()
        .unwrap();
    let diagnostic = Diagnostic::from(&error);
    assert_eq!(diagnostic.code, "E0706");
    assert!(!diagnostic.message.contains("canary"), "{}", diagnostic.message);
}
