//! What several commands need to set a host up: the runtime, the sandbox, the client, listeners.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use broker::{Broker, BrokerConfig, BrokerError};
use sandbox::{Compiler, Sandbox};
use settings::setting::{Compile, Unmapped};
use settings::{Settings, Variables};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use trigger_host_types::Clock;

use crate::exit::{Exit, Failure, OrExit as _};

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
    environment: &dyn Variables,
) -> Result<Sandbox, Failure> {
    let keys = &settings.sandbox;
    let compiler = match keys.compile {
        Compile::InProcess => Compiler::InProcess,
        Compile::Child => Compiler::Child {
            program: std::env::current_exe()
                .context("cannot find the path of this program, which also compiles components")
                .or_exit(Exit::Usage)?,
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
        versions: sandbox::Versions::default(),
        clock,
    };
    Ok(Sandbox::start(config)?)
}

/// The user's cache folder, by the rules of the XDG base directories; none where there is no home.
fn default_cache(environment: &dyn Variables) -> Option<PathBuf> {
    let absolute = |name| environment.get(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let folder = absolute("XDG_CACHE_HOME").or_else(|| absolute("HOME").map(|home| home.join(".cache")))?;
    Some(folder.join("trigger-host"))
}

/// Listens, and says where: port 0 is any free one.
pub(crate) async fn listen(address: SocketAddr) -> anyhow::Result<(TcpListener, SocketAddr)> {
    let wrong = || format!("cannot listen on {address}: free the port or choose another one");
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

/// The guests' way out. `own`: the host's own listeners, which no guest reaches unless a grant names them.
pub(crate) fn broker(settings: &Settings, own: Vec<SocketAddr>) -> Result<Broker, BrokerError> {
    let total_in_flight = settings.egress.total_in_flight.get();
    Broker::new(BrokerConfig { forbidden: own, total_in_flight, ..BrokerConfig::default() })
}

/// What the supervisor is told of the configuration.
pub(crate) fn supervision(settings: &Settings) -> supervisor::Settings {
    let Settings { host, drain, sandbox, .. } = settings;
    supervisor::Settings {
        hostname: host.hostname.clone().unwrap_or_else(hostname),
        capacity: host.capacity.get(),
        queues: host.queues.clone(),
        team: host.team.clone(),
        heartbeat_every: host.heartbeat_every,
        health_check_threshold: host.health_check_threshold,
        watchdog: host.watchdog,
        on_kill_timeout: host.on_kill_timeout,
        first_event_after: host.first_event_after,
        unmapped_tasks: unmapped(host.unmapped),
        unmapped_callbacks: unmapped(host.unmapped_callbacks),
        load_every: host.load_every,
        cleanup_every: host.cleanup_every,
        live_instances: sandbox.live_instances.get(),
        deliveries: host.deliveries.get(),
        workload_slice: host.workload_slice.get(),
        register_within: host.register_within,
        drain: supervisor::Drain { polls: drain.polls, deliveries: drain.deliveries, complete: drain.complete },
    }
}

const fn unmapped(policy: Unmapped) -> supervisor::Unmapped {
    match policy {
        Unmapped::Fail => supervisor::Unmapped::Fail,
        Unmapped::Hold => supervisor::Unmapped::Hold,
    }
}
