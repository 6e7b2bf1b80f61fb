//! What the interface package generates: types, and the traits of the imports. Calls go through typed exports of our own (see
//! `component`), because a generated instance looks up and checks every export each time.
#![allow(missing_docs, unreachable_pub, unused_qualifications, dead_code, reason = "generated")]

wasmtime::component::bindgen!({
    path: "../../../wit",
    world: "described-poll-trigger",
    imports: {
        "trigger-host:host/http": async | trappable,
        "trigger-host:host/logging": trappable,
        "trigger-host:host/variables": async | trappable,
        "trigger-host:host/xcoms": async | trappable,
        "trigger-host:host/asset-state": async | trappable,
        "trigger-host:host/task-instances": async | trappable,
        "trigger-host:host/dag-runs": async | trappable,
        "trigger-host:host/connections": async | trappable,
    },
    exports: { default: async },
});
