//! Runs vectors of others' making through the host's own code, for the `conformance` program and for this package's
//! tests.

pub mod encodings;
