//! One Kafka broker in KRaft mode, run from its published jars.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use tempfile::TempDir;

use crate::process::{Process, free_port};

/// Which folder has the jars.
const JARS: &str = "KAFKA_JARS";

/// See the module. It keeps its messages when it is killed.
#[derive(Debug)]
pub struct Kafka {
    jars: PathBuf,
    folder: TempDir,
    port: u16,
    process: Option<Process>,
}

impl Kafka {
    /// Formats a folder and starts a broker in it.
    ///
    /// # Errors
    /// `KAFKA_JARS` is not set, there is no Java, or the broker does not start.
    pub fn start() -> Result<Self> {
        Self::start_with("")
    }

    /// The same with further lines of its properties.
    ///
    /// # Errors
    /// As [`Kafka::start`].
    pub fn start_with(more: &str) -> Result<Self> {
        let jars =
            std::env::var_os(JARS).with_context(|| format!("{JARS} is not set: run `cargo xtask broker-test`"))?;
        let (folder, port) = (tempfile::tempdir()?, free_port()?);
        let mut kafka = Self { jars: jars.into(), folder, port, process: None };
        fs::write(kafka.folder.path().join("server.properties"), kafka.properties(free_port()?) + more)?;
        let mut format = kafka
            .java("kafka.tools.StorageTool", &["format", "-t", "MkU3OEVBNTcwNTJENDM2Qk", "-c", "server.properties"]);
        let output = format.output().context("cannot run `java`: is it installed?")?;
        if !output.status.success() {
            bail!("formatting failed: {}", String::from_utf8_lossy(&output.stderr));
        }
        kafka.restart()?;
        Ok(kafka)
    }

    /// `host:port` for clients.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// The configuration of a client that talks to it.
    #[cfg(feature = "kafka-client")]
    pub fn client(&self) -> rdkafka::ClientConfig {
        let mut config = rdkafka::ClientConfig::new();
        config.set("bootstrap.servers", self.address());
        config
    }

    /// Sends one message for each line, with the broker's own program.
    ///
    /// # Errors
    /// It fails.
    pub fn produce(&self, topic: &str, lines: &str) -> Result<()> {
        let messages = self.folder.path().join("messages");
        fs::write(&messages, lines)?;
        let mut java = self
            .java("kafka.tools.ConsoleProducer", &["--bootstrap-server", &self.address(), "--topic", topic, "--sync"]);
        let output = java.stdin(fs::File::open(messages)?).output().context("cannot run `java`: is it installed?")?;
        if !output.status.success() {
            bail!("producing failed: {}", String::from_utf8_lossy(&output.stderr));
        }
        Ok(())
    }

    /// Ends the broker as a power cut would.
    pub fn kill(&mut self) {
        self.process = None;
    }

    /// Starts it again with what it has stored; kills it first if it runs.
    ///
    /// # Errors
    /// It does not start.
    pub fn restart(&mut self) -> Result<()> {
        self.kill();
        let mut java = self.java("kafka.Kafka", &["server.properties"]);
        let log = self.folder.path().join("broker.log");
        self.process = Some(Process::start(&mut java, "Kafka Server started", &log)?);
        Ok(())
    }

    fn java(&self, class: &str, arguments: &[&str]) -> Command {
        let mut java = Command::new("java");
        java.current_dir(self.folder.path())
            .args(["-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp"])
            .arg(self.jars.join("*"))
            .arg(class)
            .args(arguments);
        java
    }

    fn properties(&self, controller: u16) -> String {
        let (port, data) = (self.port, self.folder.path().join("data"));
        format!(
            "process.roles=broker,controller\n\
             node.id=1\n\
             controller.quorum.voters=1@127.0.0.1:{controller}\n\
             listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}\n\
             advertised.listeners=PLAINTEXT://127.0.0.1:{port}\n\
             controller.listener.names=CONTROLLER\n\
             inter.broker.listener.name=PLAINTEXT\n\
             log.dirs={}\n\
             auto.create.topics.enable=false\n\
             offsets.topic.replication.factor=1\n\
             offsets.topic.num.partitions=4\n\
             transaction.state.log.replication.factor=1\n\
             transaction.state.log.min.isr=1\n\
             group.initial.rebalance.delay.ms=0\n\
             group.min.session.timeout.ms=1000\n",
            data.display()
        )
    }
}
