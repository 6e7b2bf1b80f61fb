//! What the interface packages generate: the types of every world, and the traits of the imports. Exports are called
//! through typed functions of our own (see [`Exports`](crate::version::Exports)), because a generated instance looks up
//! and checks every export each time.
#![allow(missing_docs, unreachable_pub, unused_qualifications, dead_code, reason = "generated")]

wasmtime::component::bindgen!({
    path: "../../../wit/trigger@0.1.0",
    // All worlds in one, so that they share their types.
    inline: "
        package trigger-host:room;
        world all {
            include trigger-host:trigger/described-poll-trigger@0.1.0;
            include trigger-host:trigger/described-stream-trigger@0.1.0;
            include trigger-host:trigger/described-stream-producer@0.1.0;
        }
    ",
    world: "trigger-host:room/all",
    imports: {
        "trigger-host:host/logging": trappable,
        default: async | trappable,
    },
    exports: { default: async },
});
