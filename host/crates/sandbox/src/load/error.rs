//! Why a component is not loaded. One clear reason each, naming the component.

use std::time::Duration;

/// Why a component is not loaded. `name` is what the caller of `load` called it (`inspect` says "the component").
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The bytes are not wasm.
    #[error("`{name}` is not WebAssembly: it begins with {begins}")]
    NotWasm {
        /// The component.
        name: String,
        /// Its first bytes, printable.
        begins: String,
    },
    /// A core module, not a component.
    #[error(
        "`{name}` is a core WebAssembly module, not a component: build it for wasm32-wasip2, or with `cargo component build`"
    )]
    CoreModule {
        /// The component.
        name: String,
    },
    /// The bytes end too early.
    #[error("`{name}` is cut short after {size} bytes: copy it again")]
    Truncated {
        /// The component.
        name: String,
        /// How many bytes there are.
        size: u64,
    },
    /// The file is larger than any that is looked at.
    #[error("`{name}` is {size} bytes long: a component may have at most {limit} bytes")]
    TooLarge {
        /// The component.
        name: String,
        /// Its size.
        size: u64,
        /// The most it may have.
        limit: u64,
    },
    /// More of something than is looked at.
    #[error("`{name}` has too many {what}: a component may have at most {limit}")]
    TooMany {
        /// The component.
        name: String,
        /// What, in the plural.
        what: &'static str,
        /// The most.
        limit: usize,
    },
    /// Not valid WebAssembly, or a feature that is switched off.
    #[error("`{name}` is not a valid component: {reason}")]
    Invalid {
        /// The component.
        name: String,
        /// What and where.
        reason: String,
    },
    /// A component for something else.
    #[error(
        "`{name}` is not a trigger: it must export a world of `trigger-host:trigger` (this host supports {known}), but it exports {exports}"
    )]
    WrongWorld {
        /// The component.
        name: String,
        /// What it exports instead, in words.
        exports: String,
        /// The versions that this host supports.
        known: String,
    },
    /// A trigger of a version that this host does not know.
    #[error(
        "`{name}` is built for `trigger-host:trigger` {version}, but this host supports {known}: build it for a supported version, or use a newer host"
    )]
    UnknownVersion {
        /// The component.
        name: String,
        /// The version it is of.
        version: String,
        /// The versions that this host supports.
        known: String,
    },
    /// The exports have the right names and the wrong types.
    #[error("`{name}` does not fit `trigger-host:trigger@{version}`: {reason}")]
    WrongShape {
        /// The component.
        name: String,
        /// The version it is of.
        version: &'static str,
        /// Which function, and how.
        reason: String,
    },
    /// It imports what no grant can allow, or what its grants do not allow. The full list.
    #[error("`{name}` is refused: {}", refusals.join("; "))]
    Refused {
        /// The component.
        name: String,
        /// One entry for each import: what is wanted and what to do.
        refusals: Vec<String>,
    },
    /// The compiler gave up.
    #[error("`{name}` does not compile: {reason}")]
    Compile {
        /// The component.
        name: String,
        /// What it said.
        reason: String,
    },
    /// Compiling took more than it may.
    #[error("compiling `{name}` took longer than {limit:?}")]
    CompileDeadline {
        /// The component.
        name: String,
        /// How long it may take.
        limit: Duration,
    },
    /// The compiling process cannot be run.
    #[error("cannot run the compiler for `{name}`")]
    CompilerProcess {
        /// The component.
        name: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}
