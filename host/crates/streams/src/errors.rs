//! The three questions every error answers, for the errors of this room.
//!
//! Owns no error: each is beside what it is about.

use trigger_host_types::{Blame, Class, Classify, Retry};

use crate::actor::{Ended, PauseError, SourceError, SubscribeError};
use crate::group::{JoinError, PullError, VerdictError};
use crate::outcome::Failure;

macro_rules! classify {
    ($error:ty, $($pattern:pat => ($class:ident, $retry:ident, $blame:ident)),+ $(,)?) => {
        impl Classify for $error {
            fn class(&self) -> Class {
                match self { $($pattern => Class::$class),+ }
            }

            fn retry(&self) -> Retry {
                match self { $($pattern => Retry::$retry),+ }
            }

            fn blame(&self) -> Blame {
                match self { $($pattern => Blame::$blame),+ }
            }
        }
    };
}

classify!(JoinError, Self::AlreadySubscribed(_) => (Host, Never, Host), Self::Over => (Host, Now, Host));
classify!(PullError, Self::Gone | Self::VerdictsMissing => (Host, Never, Host));
classify!(VerdictError,
    Self::Gone | Self::NothingOpen => (Host, Never, Host),
    Self::Number { .. } | Self::EmptyEmit | Self::NotHeld(_) => (Guest, Never, Guest),
);
classify!(SubscribeError, Self::AlreadySubscribed(_) | Self::Stopping => (Host, Never, Host));
classify!(PauseError,
    Self::NoSuchStream => (Config, Never, Operator),
    Self::TooMany(_) => (Limit, Later, Operator),
    Self::Stopping => (Host, Never, Host),
);
classify!(SourceError, Self(_) => (Remote, Later, Remote));
classify!(Failure,
    Self::PollTerminated | Self::PollFailed(_) | Self::AdvanceFailed(_) => (Remote, Later, Remote),
    Self::Overflow => (Limit, Later, Guest),
    Self::AckTimeout => (Limit, Later, Host),
);
classify!(Ended,
    Self::Failed(Failure::Overflow) => (Limit, Later, Guest),
    Self::Failed(Failure::AckTimeout) => (Limit, Later, Host),
    Self::Failed(_) => (Remote, Later, Remote),
    Self::Over | Self::VerdictsMissing => (Host, Never, Host),
);
