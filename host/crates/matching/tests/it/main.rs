//! Matching through its public face.

#![expect(clippy::expect_used, reason = "what is expected of the code under test")]

mod index;
