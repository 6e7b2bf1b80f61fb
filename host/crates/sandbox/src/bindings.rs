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

/// A subscriber's own; what it shares with the others is above.
pub(crate) mod stream {
    wasmtime::component::bindgen!({
        path: "../../../wit",
        world: "described-stream-trigger",
        with: {
            "trigger-host:trigger/types": crate::bindings::trigger_host::trigger::types,
            "trigger-host:host/http": crate::bindings::trigger_host::host::http,
            "trigger-host:host/runtime": crate::bindings::trigger_host::host::runtime,
            "trigger-host:host/variables": crate::bindings::trigger_host::host::variables,
            "trigger-host:host/xcoms": crate::bindings::trigger_host::host::xcoms,
            "trigger-host:host/asset-state": crate::bindings::trigger_host::host::asset_state,
            "trigger-host:host/task-instances": crate::bindings::trigger_host::host::task_instances,
            "trigger-host:host/dag-runs": crate::bindings::trigger_host::host::dag_runs,
            "trigger-host:host/connections": crate::bindings::trigger_host::host::connections,
            "trigger-host:host/logging": crate::bindings::trigger_host::host::logging,
        },
        exports: { default: async },
    });
}

/// A producer's own.
pub(crate) mod producer {
    wasmtime::component::bindgen!({
        path: "../../../wit",
        world: "described-stream-producer",
        with: {
            "trigger-host:trigger/types": crate::bindings::trigger_host::trigger::types,
            "trigger-host:host/http": crate::bindings::trigger_host::host::http,
            "trigger-host:host/runtime": crate::bindings::trigger_host::host::runtime,
            "trigger-host:host/variables": crate::bindings::trigger_host::host::variables,
            "trigger-host:host/xcoms": crate::bindings::trigger_host::host::xcoms,
            "trigger-host:host/asset-state": crate::bindings::trigger_host::host::asset_state,
            "trigger-host:host/task-instances": crate::bindings::trigger_host::host::task_instances,
            "trigger-host:host/dag-runs": crate::bindings::trigger_host::host::dag_runs,
            "trigger-host:host/connections": crate::bindings::trigger_host::host::connections,
            "trigger-host:host/logging": crate::bindings::trigger_host::host::logging,
        },
        exports: { default: async },
    });
}
