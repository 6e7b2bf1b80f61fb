//! A small HTTP job service on loopback: what a trigger of the kind "submit once, watch until done" needs outside.
//!
//! | request | answer |
//! | --- | --- |
//! | `POST /v1/runs`, header `Idempotency-Key` (optional) | 201 and the new job; 200 and the same job for a key that was seen |
//! | `GET /v1/runs/{id}` | 200 `{"id": "j1", "state": "running"}`, later `"done"`, `"failed"` or `"cancelled"`; 404 |
//! | `DELETE /v1/runs/{id}` | 204 cancelled; 409 when it has ended; 404 |
//! | `GET /v1/stats` | 200 [`Stats`] |
//!
//! How long a job runs is the server's [`Plan`]; the body of a submission may change it for its own job:
//! `{"polls": 3, "millis": 500, "fail": true}`. With `{"answer_millis": 1500}` the job starts at once, but its first
//! submission is answered late: time to kill the one who waits for it.
//!
//! For tests and the demonstration only: no authentication, everything in memory.
#![forbid(unsafe_code)]

mod jobs;
mod server;

pub use jobs::{Job, Jobs, Plan, State, Stats, Submitted};
pub use server::{JobServer, router};
