//! From keys to what other packages take: tokens, keys of encrypted arguments, filters and templates.

use std::collections::BTreeMap;
use std::fs;

use execution_api::TokenSource;

use super::*;

fn read_text(text: &str, environment: &BTreeMap<&str, &str>) -> (Read, String) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("trigger-host.toml");
    fs::write(&file, text).unwrap();
    let read = read(Some(&file), environment, &[]).unwrap();
    let said = read.problems.to_string().replace(&format!("{}/", folder.path().display()), "");
    (read, said)
}

#[test]
fn what_a_package_refuses_is_reported_where_it_was_written() {
    let text = "[logs]\nfolder = \"l\"\nfilename-template = \"{{ ds }}\"\n[tracing]\nfilter = \"a=b=c\"\n";
    let environment = BTreeMap::from([("AIRFLOW__CORE__FERNET_KEY", "not-a-key")]);
    insta::assert_snapshot!(read_text(text, &environment).1);
}

#[test]
fn airflows_fernet_keys_are_a_list() {
    let keys = ["JTA7RlFcZ3J9iJOeqbS_ytXg6_YBDBciLThDTllkb3o=", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="];
    let both = keys.join(", ");
    let environment = BTreeMap::from([("AIRFLOW__CORE__FERNET_KEY", both.as_str())]);
    let (read, said) = read_text("", &environment);
    assert_eq!(said, "");
    // A token of either key is opened.
    let token = "gAAAAABrADgc24i_BVTGzYyZ7wgu41sJ1qannFOOd9U0-d05tske25l4_-RSeizRZcUHsO52qGJ570ljnfQW0s5Xnoo7RZCZZxlXguxL7uhQDP0y4zEWOdmUZM5c1hmJItg30AL8BVCPfJPXGaeRAP00DfQE_8fU2IPs2hCQreYjDSK-VL93E1Xb8GQnRyJrjcUDZiPfQ1RpQdshIXtOW9QKV0DerpdZ7VU1PXGHcWNVAnRLwMajkpw=";
    assert!(fernet(&read.settings).unwrap().open(token).is_ok());
    let other_first = [keys[1], keys[0]].join(",");
    let environment = BTreeMap::from([("AIRFLOW__CORE__FERNET_KEY", other_first.as_str())]);
    assert!(fernet(&read_text("", &environment).0.settings).unwrap().open(token).is_ok());
    let wrong = read_text("", &BTreeMap::from([("AIRFLOW__CORE__FERNET_KEY", "not-a-key")])).1;
    assert!(wrong.contains("AIRFLOW__CORE__FERNET_KEY") && !wrong.contains("not-a-key"), "{wrong}");
}

#[test]
fn airflows_key_settings_make_tokens() {
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("key.pem");
    fs::write(&key, "-----BEGIN PRIVATE KEY-----\n").unwrap();
    let environment = [
        ("AIRFLOW__API_AUTH__JWT_PRIVATE_KEY_PATH", key.to_str().unwrap()),
        ("AIRFLOW__API_AUTH__JWT_KID", "k1"),
        ("AIRFLOW__API_AUTH__JWT_SECRET", "s3cret"),
        ("AIRFLOW__API_AUTH__JWT_ISSUER", "me"),
        ("AIRFLOW__EXECUTION_API__JWT_AUDIENCE", "aud"),
        ("AIRFLOW__CORE__EXECUTION_API_SERVER_URL", "http://h/execution/"),
    ];
    let configured = |text: &str, environment: &[(&str, &str)]| {
        let (read, said) = read_text(text, &environment.iter().copied().collect());
        assert_eq!(said, "");
        let mut problems = Problems::default();
        let made = client(&read.settings, &read.shown, &mut problems);
        assert_eq!(problems, Problems::default());
        made.unwrap()
    };
    // One server, which is Airflow's own: no URL of ours is needed.
    let built_in = configured("[api]\ndialect = \"built-in\"\n", &environment);
    assert_eq!(built_in.url.as_str(), "http://h/execution/");
    let TokenSource::PrivateKey { key_id, audience, issuer, .. } = &built_in.token else { panic!("no private key") };
    assert_eq!((key_id.as_deref(), audience.as_str(), issuer.as_deref()), (Some("k1"), "aud", Some("me")));

    // Two servers, with an audience each.
    let plugin = configured("[api]\nurl = \"http://h/trigger-host/\"\n", &environment[2..]);
    let TokenSource::Secret { audience, .. } = &plugin.token else { panic!("no secret") };
    assert_eq!(audience, AUDIENCE);
    let Some(TokenSource::Secret { audience, .. }) = &plugin.runtime_token else { panic!("no secret") };
    assert_eq!((audience.as_str(), plugin.runtime_url.unwrap().as_str()), ("aud", "http://h/execution/"));
}
