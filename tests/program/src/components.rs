//! The components of these tests, and bytes that are not components.

use std::fs;

use crate::folder::Folder;

/// The bytes of a sample trigger.
pub fn sample(name: &str) -> Vec<u8> {
    fs::read(guest_build::component(name)).unwrap()
}

/// A core module, not a component.
pub fn core_module() -> Vec<u8> {
    b"\0asm\x01\0\0\0".to_vec()
}

/// A component that exports nothing.
pub fn empty_component() -> Vec<u8> {
    b"\0asm\x0d\0\x01\0".to_vec()
}

/// A folder with a catalog of the two samples most tests need, unpinned.
pub fn samples() -> Folder {
    Folder::with(
        "triggers.toml",
        "[[trigger]]\nclasspath = \"demo.Wait\"\ncomponent = \"time_delta.wasm\"\n\n\
         [[trigger]]\nclasspath = \"demo.HttpPoll\"\ncomponent = \"http_poll.wasm\"\n\
         grants.http = [{ origin = \"http://127.0.0.1:*\", methods = [\"GET\"], private = true }]\n",
    )
    .and("time_delta.wasm", sample("time_delta"))
    .and("http_poll.wasm", sample("http_poll"))
}
