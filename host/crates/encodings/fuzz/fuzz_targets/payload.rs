//! Whatever a guest gives: no panic, and what is accepted never holds an object that only Python can make.
#![no_main]

use encodings::{payload_to_wire, value_from_wire};
use libfuzzer_sys::fuzz_target;
use trigger_host_types::TriggerKind;

fuzz_target!(|payload: &str| {
    for target in [TriggerKind::Task, TriggerKind::Asset, TriggerKind::Callback] {
        let Ok(wire) = payload_to_wire(payload, target) else { continue };
        let neutral = value_from_wire(wire.get()).expect("what is sent can be decoded");
        assert!(!neutral.contains("{\"$opaque\":"), "{neutral}");
        if target != TriggerKind::Task {
            assert!(!wire.get().contains("\"__classname__\":"), "{}", wire.get());
        }
    }
});
