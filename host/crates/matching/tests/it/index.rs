//! The index finds exactly those whose match holds.

use matching::{Condition, Index, Match, MatchError, Test};
use proptest::prelude::*;
use serde_json::{Value, json};

const POINTERS: [&str; 6] = ["", "/a", "/b", "/a/b", "/l/0", "/a~1b"];

fn leaf() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-2_i64..3).prop_map(Value::from),
        (-2_i64..3).prop_map(|whole| json!(whole as f64)),
        Just(json!(0.5)),
        "[xyé]{0,3}".prop_map(Value::from),
    ]
}

fn event() -> impl Strategy<Value = Vec<u8>> {
    let value = leaf().prop_recursive(2, 8, 3, |inner| {
        let keys = prop::sample::select(vec!["a", "b", "l", "a/b"]);
        prop_oneof![
            prop::collection::vec((keys, inner.clone()), 0..4)
                .prop_map(|pairs| Value::from_iter(pairs.into_iter().map(|(key, value)| (key.to_owned(), value)))),
            prop::collection::vec(inner, 0..3).prop_map(Value::from),
        ]
    });
    prop_oneof![
        9 => value.prop_map(|value| value.to_string().into_bytes()),
        1 => prop::collection::vec(any::<u8>(), 0..6),
    ]
}

fn wanted() -> impl Strategy<Value = Match> {
    let test = prop_oneof![
        Just(Test::Exists),
        "[xyé]{0,2}".prop_map(Test::Prefix),
        prop::collection::vec(leaf(), 0..4).prop_map(|values| Condition::one_of("", &values).expect("scalars").test),
    ];
    let condition = (prop::sample::select(POINTERS.to_vec()), test);
    let condition = condition.prop_map(|(pointer, test)| Condition { pointer: pointer.to_owned(), test });
    prop::collection::vec(condition, 0..3).prop_map(|conditions| Match::new(conditions).expect("it is one"))
}

proptest! {
    /// Equal to calling everybody, also after some have left and some have changed their mind.
    #[test]
    fn the_index_finds_whom_calling_everybody_would(
        wishes in prop::collection::vec(wanted(), 0..12),
        gone in prop::collection::vec(0_u32..12, 0..4),
        changed in prop::option::of(wanted()),
        events in prop::collection::vec(event(), 1..6),
    ) {
        let mut index = Index::default();
        let mut all: Vec<(u32, Match)> = (0..).zip(wishes).collect();
        for (who, wish) in &all {
            index.insert(*who, wish.clone());
        }
        all.retain(|(who, _)| !gone.contains(who));
        gone.iter().for_each(|who| index.remove(*who));
        if let (Some(changed), Some((who, wish))) = (changed, all.first_mut()) {
            index.insert(*who, changed.clone());
            *wish = changed;
        }
        for event in events {
            let mut found = Vec::new();
            index.find(&event, |who| found.push(who));
            found.sort_unstable();
            let expected: Vec<u32> = all.iter().filter(|(_, wish)| wish.holds(&event)).map(|(who, _)| *who).collect();
            prop_assert_eq!(found, expected);
        }
    }
}

#[test]
fn a_match_that_makes_no_sense_is_refused() {
    let exists = |pointer: &str| Match::new(vec![Condition { pointer: pointer.into(), test: Test::Exists }]);
    assert_eq!(exists("a/b"), Err(MatchError::Pointer("a/b".into())));
    assert_eq!(exists("/a~2"), Err(MatchError::Pointer("/a~2".into())));
    assert!(exists("/a~1b~0c").is_ok());
    assert_eq!(Condition::one_of("/a", &[json!([1])]), Err(MatchError::Composite("/a".into())));
}
