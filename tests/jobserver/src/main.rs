//! `jobserver`: the job service as a program. Prints its URL and serves until it is ended.
#![forbid(unsafe_code)]

use std::io::Write as _;
use std::net::SocketAddr;
use std::time::Duration;

use clap::Parser;
use jobserver::{JobServer, Plan};

/// A small HTTP job service on loopback, for the demonstration and for tests.
#[derive(Debug, Parser)]
struct Arguments {
    /// Where to listen.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Looks that see a job running before one may see it done.
    #[arg(long, value_name = "N", default_value_t = 2)]
    polls: u32,
    /// How long a job runs at least.
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = humantime::parse_duration)]
    after: Duration,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let millis = u64::try_from(arguments.after.as_millis()).unwrap_or(u64::MAX);
    let server = JobServer::listen(arguments.listen, Plan { polls: arguments.polls, millis, fail: false }).await?;
    writeln!(std::io::stdout(), "{}", server.url())?;
    tokio::signal::ctrl_c().await?;
    Ok(())
}
