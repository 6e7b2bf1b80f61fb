//! `inspect`: what a component is, wants and has.

use std::sync::Arc;

use anyhow::{Context as _, anyhow};
use sandbox::{Allowed, Inspection, Limits, Sandbox};
use serde_json::{Value, json};
use settings::setting::{Setting as _, Size};
use settings::{Environment, Problems};
use trigger_host_types::SystemClock;

use crate::arguments::Inspect;
use crate::catalog::{self, Catalog, Guest, Owner};
use crate::config::{self, settle};
use crate::exit::{Ended, Exit, Failure, OrExit as _};
use crate::{diagnostics, host, out};

/// Runs the command.
///
/// # Errors
/// The file cannot be read, or the host refuses it.
pub(crate) fn run(arguments: &Inspect) -> Ended {
    let path = &arguments.component;
    let name = path.display().to_string();
    let wasm = std::fs::read(path).with_context(|| format!("cannot read `{name}`")).or_exit(Exit::Usage)?;
    let inspection = match sandbox::inspect(&wasm) {
        Ok(inspection) => inspection,
        Err(_) => return Err(explain_refusal(&name, &wasm)),
    };
    let mut problems = Problems::default();
    let catalog = match &arguments.catalog {
        Some(file) => Some(catalog::read(file, &mut problems)?),
        None => None,
    };
    let owned = catalog.as_ref().map(|catalog| find_entries(catalog, arguments, &inspection));
    // Loading is what says, in the host's own words, what the host refuses.
    let allowed = match &owned {
        Some(entries) if !entries.is_empty() => entries.iter().map(|(_, guest)| guest.allowed()).collect(),
        _ => vec![Allowed::ALL],
    };
    let (refusals, manifest) = load(&name, &wasm, &allowed)?;
    let report = Report { name, inspection, manifest, owned, refusals };
    if arguments.output.is_json() {
        out::json(&report.to_json())?
    } else {
        out::line(&report.to_text())?
    }
    settle(problems)?;
    for refusal in &report.refusals {
        eprintln!("error: {refusal}");
    }
    Ok(if report.refusals.is_empty() { Exit::Done } else { Exit::Usage })
}

/// Why the host does not load the file, in its own words and with the file's name.
fn explain_refusal(name: &str, wasm: &[u8]) -> Failure {
    match load(name, wasm, &[Allowed::ALL]) {
        Ok((refusals, _)) => Failure { exit: Exit::Usage, error: anyhow!(refusals.join("; ")) },
        Err(failure) => failure,
    }
}

/// An entry of the catalog.
type Owned<'c> = (Owner<'c>, &'c Guest);

/// The entries of the catalog for this very file or these very bytes.
fn find_entries<'c>(catalog: &'c Catalog, arguments: &Inspect, inspection: &Inspection) -> Vec<Owned<'c>> {
    let here = arguments.component.canonicalize().ok();
    let is_this = |(_, guest): &Owned<'_>| {
        guest.digest == Some(inspection.digest) || (here.is_some() && guest.component.canonicalize().ok() == here)
    };
    catalog.guests().filter(is_this).collect()
}

/// The manifest, and what the host refuses under each of these grants.
fn load(name: &str, wasm: &[u8], allowed: &[Allowed]) -> Result<(Vec<String>, Option<Manifest>), Failure> {
    let settings = config::read_environment(&Environment)?;
    diagnostics::start(&settings);
    let runtime = host::runtime()?;
    let sandbox: Sandbox = host::sandbox(&settings, 1, Arc::new(SystemClock), &Environment)?;
    runtime.block_on(async {
        let (mut refusals, mut manifest) = (Vec::new(), None);
        for allowed in allowed {
            match sandbox.load(name, wasm, allowed).await {
                Err(error) => {
                    let refusal = catalog::chain(&error);
                    if !refusals.contains(&refusal) {
                        refusals.push(refusal);
                    }
                }
                Ok(component) if manifest.is_none() => {
                    manifest = component.describe(&Limits::default()).await.map(|described| match described {
                        Ok(description) => Manifest::Is(description),
                        Err(reason) => Manifest::Failed(reason.to_string()),
                    });
                }
                Ok(_) => {}
            }
        }
        Ok((refusals, manifest))
    })
}

/// What a component says of itself.
enum Manifest {
    Is(sandbox::Description),
    Failed(String),
}

struct Report<'c> {
    name: String,
    inspection: Inspection,
    manifest: Option<Manifest>,
    owned: Option<Vec<Owned<'c>>>,
    refusals: Vec<String>,
}

impl Report<'_> {
    fn list_needs(&self) -> Vec<&'static str> {
        // Two interfaces may need the same grant.
        let mut keys: Vec<_> = self.inspection.wants.iter().filter_map(|wanted| wanted.interface.key()).collect();
        keys.dedup();
        keys
    }

    fn to_text(&self) -> String {
        let of = &self.inspection;
        let mut lines = vec![
            format_row("component", &self.name),
            format_row("digest", &of.digest.to_string()),
            format_row("size", &format!("{} bytes", of.size)),
            format_row("world", &format!("{} {}", of.world, of.version)),
        ];
        lines.extend(format_rows("imports", of.imports.iter().cloned()));
        lines.extend(format_rows("needs", self.list_needs().into_iter().map(|grant| format!("a grant of `{grant}`"))));
        match &self.manifest {
            Some(Manifest::Is(description)) => {
                lines.push(format_row("summary", &description.summary));
                lines.extend(format_rows(
                    "kwargs",
                    format_schema(&description.kwargs_schema).lines().map(str::to_owned),
                ));
            }
            Some(Manifest::Failed(reason)) => lines.push(format_row("manifest", &format!("failed: {reason}"))),
            None => {}
        }
        if let Some(entries) = &self.owned {
            lines.extend(format_rows("catalog", entries.iter().flat_map(|entry| describe_entry(*entry, of))));
        }
        lines.join("\n")
    }

    fn to_json(&self) -> Value {
        let of = &self.inspection;
        let mut value = json!({
            "component": self.name,
            "digest": of.digest,
            "size": of.size,
            "world": of.world.to_string(),
            "version": of.version,
            "imports": of.imports,
            "exports": of.exports,
            "needs": self.list_needs(),
            "refused": self.refusals,
        });
        match &self.manifest {
            Some(Manifest::Is(description)) => {
                value["summary"] = json!(description.summary);
                value["kwargs_schema"] = serde_json::from_str(&description.kwargs_schema).unwrap_or_default();
            }
            Some(Manifest::Failed(reason)) => value["manifest_error"] = json!(reason),
            None => {}
        }
        if let Some(entries) = &self.owned {
            value["catalog"] = entries
                .iter()
                .map(|(owner, guest)| {
                    let named = match owner {
                        Owner::Trigger(_) => "classpath",
                        Owner::Source(_) => "source",
                    };
                    json!({
                        named: owner.name(),
                        "line": guest.line,
                        "pinned": guest.digest == Some(of.digest),
                        "http": guest.http.iter().map(describe_http).collect::<Vec<_>>(),
                        "airflow": guest.airflow.list(),
                    })
                })
                .collect();
        }
        value
    }
}

fn describe_entry((owner, guest): Owned<'_>, of: &Inspection) -> Vec<String> {
    let pin = if guest.digest == Some(of.digest) { "pinned" } else { "not pinned to these bytes" };
    let kind = if matches!(owner, Owner::Source(_)) { "source " } else { "" };
    let mut lines = vec![format!("{kind}{} (line {}, {pin})", owner.name(), guest.line)];
    lines.extend(guest.http.iter().map(|grant| format!("  {}", describe_http(grant))));
    lines.extend(guest.airflow.list().into_iter().map(|grant| format!("  {grant}")));
    let Limits { memory, cpu, wall, host_calls, .. } = &guest.limits;
    let (memory, cpu, wall) = (Size(*memory).show(), cpu.show(), wall.show());
    lines.push(
        format!("  memory {memory}, cpu-per-poll {cpu}, wall-per-poll {wall}, host-calls-per-poll {host_calls}")
            .replace('"', ""),
    );
    lines
}

fn describe_http(grant: &broker::HttpGrant) -> String {
    let paths: Vec<_> = grant.paths.iter().map(ToString::to_string).collect();
    let paths = if paths.is_empty() { "all paths".to_owned() } else { paths.join(" ") };
    let connection = grant.connection.as_ref().map(|id| format!(" as connection `{id}`")).unwrap_or_default();
    format!("http {} {} {paths}{connection}", grant.methods.join(","), grant.origin)
}

fn format_schema(schema: &str) -> String {
    let parsed: Option<Value> = serde_json::from_str(schema).ok();
    parsed.and_then(|value| serde_json::to_string_pretty(&value).ok()).unwrap_or_else(|| schema.to_owned())
}

fn format_row(name: &str, value: &str) -> String {
    format!("{name:<10} {value}").trim_end().to_owned()
}

fn format_rows(name: &str, values: impl Iterator<Item = String>) -> Vec<String> {
    let lines: Vec<_> =
        values.enumerate().map(|(at, value)| format_row(if at == 0 { name } else { "" }, &value)).collect();
    if lines.is_empty() { vec![format_row(name, "none")] } else { lines }
}
