//! Why a trigger gets no raw events of a shared stream, and what is wrong with its verdicts.

use std::sync::Arc;

use matching::MatchError;
use sources::SourceRefused;
use stream_rules::{EventId, Failure, JoinError, PullError, VerdictError};
use streams::{Ended, PauseError, SourceError, SubscribeError};
use texts::{Section, check, every, examples};
use trigger_host_types::TriggerId;

fn what() -> Arc<str> {
    "the broker's own words".into()
}

#[test]
fn texts_of_streams() {
    let join = every!(stream_rules::JoinError {
        JoinError::AlreadySubscribed(_) => JoinError::AlreadySubscribed(TriggerId(7)),
        JoinError::Over => JoinError::Over,
    });
    let pull = every!(stream_rules::PullError {
        PullError::Gone => PullError::Gone,
        PullError::VerdictsMissing => PullError::VerdictsMissing,
    });
    let verdicts = every!(stream_rules::VerdictError {
        VerdictError::Gone => VerdictError::Gone,
        VerdictError::NothingOpen => VerdictError::NothingOpen,
        VerdictError::Number { .. } => VerdictError::Number { given: 2, wanted: 3 },
        VerdictError::EmptyEmit => VerdictError::EmptyEmit,
        VerdictError::NotHeld(_) => VerdictError::NotHeld(EventId(7)),
    });
    let failures = [
        ("the source ended", Failure::PollTerminated),
        ("the source failed", Failure::PollFailed(what())),
        ("the broker failed", Failure::AdvanceFailed(what())),
        ("the queue is full", Failure::Overflow),
        ("acknowledgement is overdue", Failure::AckTimeout),
    ];
    let failures = Section::new("why a subscription fails", failures);
    let ended = every!(streams::Ended {
        Ended::Failed(_) => Ended::Failed(Failure::Overflow),
        Ended::Over => Ended::Over,
        Ended::VerdictsMissing => Ended::VerdictsMissing,
    });
    let subscribe = every!(streams::SubscribeError {
        SubscribeError::AlreadySubscribed(_) => SubscribeError::AlreadySubscribed(TriggerId(7)),
        SubscribeError::Stopping => SubscribeError::Stopping,
    });
    let pause = every!(streams::PauseError {
        PauseError::NoSuchStream => PauseError::NoSuchStream,
        PauseError::TooMany(_) => PauseError::TooMany(100),
        PauseError::Stopping => PauseError::Stopping,
    });
    let matches = every!(matching::MatchError {
        MatchError::Pointer(_) => MatchError::Pointer("detail.state".into()),
        MatchError::Composite(_) => MatchError::Composite("/detail".into()),
        MatchError::TooMany => MatchError::TooMany,
    });
    let source = examples("streams::SourceError", [("any", SourceError(what().to_string()))]);
    check("streams", &[join, pull, verdicts, failures, ended, subscribe, pause, source, matches]);
}

#[test]
fn texts_of_sources() {
    let name = || "orders".to_owned();
    let refused = every!(sources::SourceRefused {
        SourceRefused::NotBuilt { .. } => SourceRefused::NotBuilt { name: name(), kind: "kafka" },
        SourceRefused::Settings { .. } =>
            SourceRefused::Settings { name: name(), key: "path", what: "write an absolute path".into() },
        SourceRefused::Parameters { .. } =>
            SourceRefused::Parameters { name: name(), what: "name 1 to 64 topics in `topics`".into() },
    });
    check("sources", &[refused]);
}
