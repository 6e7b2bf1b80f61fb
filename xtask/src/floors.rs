//! `lint`'s check of the house: which package may stand on which, and which must stay pure.
//!
//! Owns the table of floors. A package may depend only on packages of lower floors; one that is not in the table is
//! refused, and so is a row whose package is gone. What only tests need (dev-dependencies) may come from anywhere.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Result, bail};
use serde_json::Value;

use crate::step;
use crate::workspace::Workspace;

/// The floors of the host, from the ground up. Arrows within a floor are refused too.
const HOST: &[(&str, &[&str])] = &[
    ("ground", &["matching", "secrets", "telemetry", "trigger-host-types"]),
    ("pure cores", &["encodings", "scheduler", "settings", "stream-rules"]),
    ("one idea each", &["broker", "execution-api", "logs", "sandbox", "streams"]),
    ("what is asked and read", &["airflow-asks", "sources"]),
    ("above it all", &["embedded-api", "supervisor"]),
    ("the host", &["trigger-host"]),
];

/// What authors use, from the ground up. Nothing of the host is below it.
const GUESTS: &[(&str, &[&str])] = &[
    ("macros", &["trigger-host-sdk-macros"]),
    ("SDK", &["trigger-host-sdk"]),
    ("generator", &["trigger-host-sdk-generate"]),
];

/// Programs and libraries for tests and development. They may stand on everything, and only their own kind stands on
/// them.
const TOOLS: &[&str] =
    &["behaviour", "benchmarks", "conformance", "guest-build", "jobserver", "program", "texts", "upstreams", "xtask"];

/// Folders whose packages are guests: they stand on the SDK alone.
const GUEST_FOLDERS: [&str; 2] = ["sample-triggers", "tests/guests"];

/// Packages that decide and do nothing: none of [`IMPURE`] may be below them.
const PURE: &[&str] =
    &["encodings", "matching", "scheduler", "secrets", "settings", "stream-rules", "telemetry", "trigger-host-types"];

/// Runtimes and clients.
const IMPURE: [&str; 6] = ["tokio", "wasmtime", "reqwest", "hyper", "axum", "rusqlite"];

/// A package of the workspace, as far as the check looks at it.
#[derive(Debug, Clone)]
struct Package {
    name: String,
    /// From the root.
    folder: String,
    is_guest: bool,
    /// Names of what it needs outside of tests.
    needs: Vec<String>,
    licence: String,
}

/// Where a package stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Host(usize),
    Guests(usize),
    Guest,
    Tool,
}

/// Checks the arrows between packages, the purity of those that must be pure, and their licence.
pub(crate) fn check(workspace: &Workspace) -> Result<()> {
    let packages: Vec<Package> = workspace.packages().iter().map(|package| read(&workspace.root, package)).collect();
    let mut problems = problems(&packages);
    for name in PURE {
        let tree = step::output(
            "read what is below a package",
            &mut workspace.cargo(&["tree", "-p", name, "-e", "normal", "--prefix", "none"]),
        )?;
        problems.extend(impurities(name, &tree));
    }
    if !problems.is_empty() {
        bail!("the house is out of order (xtask/src/floors.rs):\n  {}", problems.join("\n  "));
    }
    Ok(())
}

fn read(root: &Path, package: &Value) -> Package {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let manifest = text(&package["manifest_path"]);
    let folder = Path::new(&manifest).parent().unwrap_or(root);
    let is_guest =
        list(&package["targets"]).iter().any(|target| list(&target["crate_types"]).iter().any(|one| one == "cdylib"));
    let needs =
        list(&package["dependencies"]).into_iter().filter(|one| one["kind"] != "dev").map(|one| text(&one["name"]));
    Package {
        name: text(&package["name"]),
        folder: folder.strip_prefix(root).unwrap_or(folder).to_string_lossy().into_owned(),
        is_guest,
        needs: needs.collect(),
        licence: text(&package["license"]),
    }
}

/// Everything that is wrong, each as a sentence.
fn problems(packages: &[Package]) -> Vec<String> {
    let mut problems = Vec::new();
    let mut places = BTreeMap::new();
    for package in packages {
        if package.licence != "Apache-2.0" {
            problems.push(format!("`{}` must have the licence Apache-2.0, not `{}`", package.name, package.licence));
        }
        match place(package) {
            Some(place) => drop(places.insert(package.name.as_str(), place)),
            None => problems.push(format!("`{}` is not in the table: give it a floor", package.name)),
        }
    }
    let rows = HOST.iter().chain(GUESTS).flat_map(|(_, names)| names.iter()).chain(TOOLS);
    problems.extend(
        rows.filter(|name| !places.contains_key(**name))
            .map(|name| format!("`{name}` is in the table and not in the workspace")),
    );
    for package in packages {
        let Some(from) = places.get(package.name.as_str()) else { continue };
        for needed in &package.needs {
            let Some(to) = places.get(needed.as_str()) else { continue };
            if !may_need(*from, *to) {
                problems.push(format!(
                    "`{}` ({}) must not need `{needed}` ({})",
                    package.name,
                    words(*from),
                    words(*to)
                ));
            }
        }
    }
    problems
}

fn place(package: &Package) -> Option<Place> {
    let floor =
        |floors: &[(&str, &[&str])]| floors.iter().position(|(_, names)| names.contains(&package.name.as_str()));
    let in_guest_folder = GUEST_FOLDERS.iter().any(|folder| Path::new(&package.folder).starts_with(folder));
    floor(HOST)
        .map(Place::Host)
        .or_else(|| floor(GUESTS).map(Place::Guests))
        .or_else(|| TOOLS.contains(&package.name.as_str()).then_some(Place::Tool))
        .or_else(|| (in_guest_folder && package.is_guest).then_some(Place::Guest))
}

/// Whether the arrow goes down.
fn may_need(from: Place, to: Place) -> bool {
    match (from, to) {
        (Place::Host(from), Place::Host(to)) | (Place::Guests(from), Place::Guests(to)) => to < from,
        (Place::Guest, Place::Guests(to)) => {
            GUESTS.get(to).is_some_and(|(_, names)| names.contains(&"trigger-host-sdk"))
        }
        (Place::Tool, _) => true,
        (Place::Host(_) | Place::Guests(_) | Place::Guest, _) => false,
    }
}

fn words(place: Place) -> String {
    let floor = |floors: &[(&str, &[&str])], floor: usize| floors.get(floor).map_or("?", |(name, _)| name).to_owned();
    match place {
        Place::Host(at) => format!("floor {at} of the host, {}", floor(HOST, at)),
        Place::Guests(at) => format!("what authors use, {}", floor(GUESTS, at)),
        Place::Guest => "a guest".to_owned(),
        Place::Tool => "a tool".to_owned(),
    }
}

/// What is below a pure package and must not be, by the lines of `cargo tree`.
fn impurities(package: &str, tree: &str) -> Vec<String> {
    let below = |name: &str| tree.lines().any(|line| line.split(' ').next() == Some(name));
    let impure = IMPURE.iter().filter(|name| below(name));
    impure.map(|name| format!("`{package}` must be pure, and `{name}` is below it")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, folder: &str, needs: &[&str]) -> Package {
        let needs = needs.iter().map(|need| (*need).to_owned()).collect();
        let is_guest = GUEST_FOLDERS.iter().any(|one| folder.starts_with(one));
        Package { name: name.to_owned(), folder: folder.to_owned(), is_guest, needs, licence: "Apache-2.0".to_owned() }
    }

    /// Every package of the table, without arrows, and a guest.
    fn house() -> Vec<Package> {
        let rows = HOST.iter().chain(GUESTS).flat_map(|(_, names)| names.iter()).chain(TOOLS);
        let mut house: Vec<_> = rows.map(|name| package(name, "somewhere", &[])).collect();
        house.push(package("date_time", "sample-triggers/date_time", &["trigger-host-sdk", "serde"]));
        house
    }

    fn with(name: &str, needs: &str) -> Vec<String> {
        let mut house = house();
        let package = house.iter_mut().find(|package| package.name == name).unwrap();
        package.needs.push(needs.to_owned());
        problems(&house)
    }

    #[test]
    fn arrows_that_go_down_are_fine() {
        assert_eq!(problems(&house()), [""; 0]);
        assert_eq!(with("supervisor", "sandbox"), [""; 0]);
        assert_eq!(with("benchmarks", "supervisor"), [""; 0]);
        assert_eq!(with("broker", "reqwest"), [""; 0]);
    }

    #[test]
    fn arrows_that_go_up_or_sideways_are_refused() {
        for (from, to) in [
            ("sandbox", "supervisor"),
            ("sandbox", "broker"),
            ("trigger-host-types", "telemetry"),
            ("trigger-host-sdk", "trigger-host-types"),
            ("date_time", "trigger-host-types"),
            ("sandbox", "trigger-host-sdk"),
            ("supervisor", "guest-build"),
        ] {
            let problems = with(from, to);
            let expected = format!("`{from}` (");
            assert!(problems.len() == 1 && problems[0].starts_with(&expected), "{from} -> {to}: {problems:?}");
        }
    }

    #[test]
    fn a_package_without_a_floor_a_row_without_a_package_and_another_licence_are_refused() {
        let mut house = house();
        house.push(package("attic", "host/crates/attic", &[]));
        house.retain(|package| package.name != "logs");
        house[0].licence = String::new();
        let problems = problems(&house);
        assert_eq!(problems.len(), 3, "{problems:?}");
        for (problem, word) in problems.iter().zip(["licence", "`attic` is not", "`logs` is in"]) {
            assert!(problem.contains(word), "{problem}");
        }
    }

    #[test]
    fn what_is_below_a_pure_package_is_seen() {
        let tree = "scheduler v0.1.0 (/host/crates/scheduler)\nserde v1.0.0\ntokio v1.54.1\ntokio-util v0.7.20\n";
        assert_eq!(impurities("scheduler", tree), ["`scheduler` must be pure, and `tokio` is below it"]);
        assert_eq!(impurities("scheduler", "serde v1.0.0\ntokio-util v0.7\n"), [""; 0]);
    }
}
