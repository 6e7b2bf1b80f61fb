//! What the interface package generates.
#![allow(unsafe_code, missing_docs, unreachable_pub, reason = "generated")]

wit_bindgen::generate!({
    inline: r#"
        package test:hostile;
        world hostile {
            include trigger-host:trigger/described-poll-trigger@0.1.0;
            import wasi:random/random@0.2.0;
        }
    "#,
    path: ["../../../wit/trigger@0.1.0", "wit"],
    generate_all,
});
