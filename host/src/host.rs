//! What several commands need to set a host up: the runtime, the sandbox, the client, listeners.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context as _, anyhow};
use sandbox::{Compiler, Sandbox};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use trigger_host_types::Clock;

use crate::config::{Settings, Source};
use crate::setting::Compile;

/// The hidden subcommand that compiles one component.
pub(crate) const COMPILE: &str = "compile-component";

/// The runtime of everything but guests.
pub(crate) fn runtime() -> anyhow::Result<Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start the threads of the host")
}

/// A sandbox of `slots` live instances.
pub(crate) fn sandbox(
    settings: &Settings,
    slots: usize,
    clock: Arc<dyn Clock>,
    environment: &dyn Source,
) -> anyhow::Result<Sandbox> {
    let keys = &settings.sandbox;
    let compiler = match keys.compile {
        Compile::InProcess => Compiler::InProcess,
        Compile::Child => Compiler::Child {
            program: std::env::current_exe().context("cannot find this program, which is also the compiler")?,
            arguments: vec![COMPILE.into()],
        },
    };
    let config = sandbox::Config {
        slots,
        max_memory: keys.max_memory.0,
        tick: keys.tick,
        workers: keys.workers.get(),
        cache: keys.cache.clone().or_else(|| default_cache(environment)),
        compiler,
        clock,
    };
    Sandbox::start(config).map_err(|error| anyhow!(error))
}

/// The user's cache folder, by the rules of the XDG base directories; none where there is no home.
fn default_cache(environment: &dyn Source) -> Option<PathBuf> {
    let absolute = |name| environment.get(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let folder = absolute("XDG_CACHE_HOME").or_else(|| absolute("HOME").map(|home| home.join(".cache")))?;
    Some(folder.join("trigger-host"))
}

/// Listens, and says where: port 0 is any free one. `key` is named when it cannot be done.
pub(crate) async fn listen(address: SocketAddr, key: &str) -> anyhow::Result<(TcpListener, SocketAddr)> {
    let wrong = || format!("{key}: cannot listen on {address}: stop what has the port, or choose another");
    let listener = TcpListener::bind(address).await.with_context(wrong)?;
    let address = listener.local_addr().with_context(wrong)?;
    Ok((listener, address))
}

/// Where an embedded API that listens here is called.
pub(crate) fn api_url(address: SocketAddr) -> String {
    let mut reachable = address;
    if address.ip().is_unspecified() {
        reachable.set_ip(if address.is_ipv4() { [127, 0, 0, 1].into() } else { std::net::Ipv6Addr::LOCALHOST.into() });
    }
    format!("http://{reachable}/execution/")
}

/// The name of this machine.
pub(crate) fn hostname() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}
