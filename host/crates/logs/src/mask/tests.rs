//! The masker through its own seam: values in, text in, text out.

use proptest::prelude::*;
use secrets::SPELLINGS;
use serde_json::json;

use super::*;

fn masker(values: &[&str]) -> Masker {
    let masker = Masker::new();
    for value in values {
        masker.remember(&"x.Y".into(), value);
    }
    masker
}

#[test]
fn a_secret_goes_in_whatever_way_it_is_spelled() {
    let masker = masker(&["pä\"ss w/ord\nline two of it"]);
    for text in [
        "pä\"ss w/ord\nline two of it",
        "pä\\\"ss w/ord\\nline two of it",
        "p\\u00e4\\\"ss w/ord\\nline two of it",
        "pä\"ss w/ord\\nline two of it",
        "p%C3%A4%22ss%20w%2Ford%0Aline%20two%20of%20it",
        "p%C3%A4%22ss+w%2Ford%0Aline+two+of+it",
        "line two of it",
    ] {
        assert_eq!(masker.mask(&format!("<{text}>")), "<***>", "{text}");
    }
    let masker = self::masker(&["hunter2hunter2"]);
    assert_eq!(masker.mask("Basic aHVudGVyMmh1bnRlcjI= sent"), "Basic ***I= sent");
}

#[test]
fn every_spelling_of_the_list_is_found() {
    let secret = "hünter2/'s \"<own>\" & more\nsecond line";
    for row in SPELLINGS {
        for spelled in (row.spell)(secret) {
            assert_eq!(masker(&[secret]).mask(&format!("[{spelled}]")), "[***]", "{}: {spelled}", row.name);
        }
    }
}

#[test]
fn secrets_that_overlap_leave_nothing_of_either() {
    let masker = masker(&["abcdefgh", "efghijkl", "abcdefghijklmnop"]);
    assert_eq!(masker.mask("-abcdefghijkl-"), "-***-");
    assert_eq!(masker.mask("-abcdefghabcdefgh-"), "-******-");
}

#[test]
fn what_is_short_or_unknown_stays() {
    let masker = masker(&["four", ""]);
    assert_eq!(masker.mask("four and nothing"), "four and nothing");
    assert!(matches!(Masker::new().mask("text"), Cow::Borrowed("text")));
}

#[test]
fn values_count_by_their_names_as_in_airflow() {
    let (masker, class) = (Masker::new(), ClassPath::from("x.Y"));
    masker.remember_named(&class, "region", "eu-central-1");
    masker.remember_named(&class, "DB_Password", "correct horse");
    masker.remember_named(
        &class,
        "config",
        r#"{"host": "db.example", "api_key": "k-12345", "deep": [{"token": 1234567}]}"#,
    );
    masker.remember_named(&class, "my_secret", r#"{"part": "inside-it"}"#);
    let masked = masker.mask("eu-central-1 correct horse db.example k-12345 1234567 inside-it");
    assert_eq!(masked, "eu-central-1 *** db.example *** *** ***");
}

#[test]
fn json_stays_json() {
    let masker = masker(&["s3cret", "12345"]);
    let value = json!({"a s3cret": ["s3cret", 12345, 7, null, {"x": "no \"s3cret\""}]});
    let masked = masker.mask_json(value);
    assert_eq!(masked, json!({"a ***": ["***", "***", 7, null, {"x": "no \"***\""}]}));
}

#[test]
fn a_secret_that_a_cut_has_halved_goes_too() {
    let masker = masker(&["correct horse battery"]);
    assert_eq!(masker.mask_cut("it is correct horse bat"), "it is ***");
    assert_eq!(masker.mask_cut("it is corr"), "it is corr");
    assert_eq!(masker.mask_cut("it is over"), "it is over");
}

#[test]
fn a_long_secret_goes_though_only_a_part_of_it_is_there() {
    let secret: String = (0..3_000).map(|n| format!("{n:04}")).collect();
    let masker = masker(&[&secret]);
    let masked = masker.mask_cut(&secret[..10_000]).into_owned();
    assert!(masked.chars().all(|letter| letter == '*'), "{masked}");
}

#[test]
fn one_class_spoils_its_own_share_only_and_never_the_hosts() {
    let masker = Masker::new();
    masker.remember_own("own-secret");
    masker.remember(&"a.Quiet".into(), "quiet-secret");
    let loud = ClassPath::from("b.Loud");
    masker.remember(&loud, "seen-again");
    for n in 0..1_000 {
        masker.remember(&loud, &format!("loud-secret-{n:04}"));
        masker.remember(&loud, "seen-again");
    }
    let masked = masker.mask("own-secret quiet-secret seen-again loud-secret-0999 loud-secret-0000");
    assert_eq!(masked, "*** *** *** *** loud-secret-0000");
}

proptest! {
    #[test]
    fn no_secret_is_left_anywhere(secrets in prop::collection::vec("[a-cé\\n\"]{5,12}", 1..6), text in "[a-cé\\n\"]{0,60}") {
        let masker = masker(&secrets.iter().map(String::as_str).collect::<Vec<_>>());
        let masked = masker.mask(&text);
        for secret in &secrets {
            prop_assert!(!masked.contains(secret.as_str()), "{secret:?} in {masked:?}");
        }
    }
}
