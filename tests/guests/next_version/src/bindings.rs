//! What version 0.2 of the interface generates; its WIT belongs to the test that proves two versions side by side.
#![allow(unsafe_code, missing_docs, unreachable_pub, reason = "generated")]

wit_bindgen::generate!({
    path: "../../../host/crates/sandbox/tests/it/v0_2/wit",
    world: "poll-trigger",
    generate_all,
});
