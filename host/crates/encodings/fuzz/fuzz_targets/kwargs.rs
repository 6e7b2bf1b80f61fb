//! Whatever Airflow stored: no panic, and what is decoded is strict JSON that encodes to something that decodes to the
//! same.
#![no_main]

use encodings::{Fernet, kwargs_from_wire, value_from_wire, value_to_wire};
use libfuzzer_sys::fuzz_target;
use serde_json::value::RawValue;

fuzz_target!(|stored: &str| {
    let _ = kwargs_from_wire(stored, &Fernet::default());
    let Ok(neutral) = value_from_wire(stored) else { return };
    assert!(serde_json::from_str::<&RawValue>(&neutral).is_ok(), "{neutral}");
    if let Ok(wire) = value_to_wire(&neutral) {
        let again = value_from_wire(&wire).expect("what was encoded can be decoded");
        assert_eq!(value_to_wire(&again).expect("and encoded again"), wire);
    }
});
