//! What `catalog check` says of a catalog: each entry has one mistake, or a few that do not hide one another.

use program::components::{core_module, empty_component, sample};
use program::folder::Folder;
use texts::{Section, check};

/// Entries of triggers, by what is wrong.
const TRIGGERS: [(&str, &str); 8] = [
    ("a key of the catalog that is not known", "colour = 1\n"),
    ("keys that are missing", "[[trigger]]\n"),
    ("values of another type", "[[trigger]]\nclasspath = 7\ncomponent = true\ndigest = 1\n"),
    (
        "the same class path twice",
        "[[trigger]]\nclasspath = \"a.B\"\ncomponent = \"wait.wasm\"\n[[trigger]]\nclasspath = \"a.B\"\ncomponent = \"wait.wasm\"\n",
    ),
    (
        "digests",
        "[[trigger]]\nclasspath = \"a.Form\"\ncomponent = \"wait.wasm\"\ndigest = \"sha256:00\"\n\
         [[trigger]]\nclasspath = \"a.Other\"\ncomponent = \"wait.wasm\"\n\
         digest = \"sha256:0000000000000000000000000000000000000000000000000000000000000000\"\n\
         [[trigger]]\nclasspath = \"a.Unpinned\"\ncomponent = \"wait.wasm\"\n",
    ),
    (
        "grants",
        "[[trigger]]\nclasspath = \"a.Http\"\ncomponent = \"wait.wasm\"\n[trigger.grants]\n\
         http = [{ origin = \"jobs.example.com\", methods = [\"get\"], paths = [], timeout = \"1ms\", max-response = 5, privat = true }]\n\
         [[trigger]]\nclasspath = \"a.Airflow\"\ncomponent = \"wait.wasm\"\n[trigger.grants]\n\
         variables = { read = \"a_*\", write = [\"\"], list = [] }\nxcom = \"write\"\nasset-state = true\nstates = \"all\"\n\
         connections = [\"jobs_*\"]\nvariable = 1\n",
    ),
    (
        "limits",
        "[[trigger]]\nclasspath = \"a.B\"\ncomponent = \"wait.wasm\"\n[trigger.limits]\nmemory = \"64\"\ncpu-per-pol = \"1s\"\nevents-per-poll = 0\n",
    ),
    ("not TOML", "[[trigger]\n"),
];

const SOURCES: [(&str, &str); 8] = [
    ("no kind", "[sources.none]\npath = \"/data\"\n"),
    ("a kind that is not known", "[sources.odd]\nkind = \"ftp\"\n"),
    ("a name that is not one", "[sources.\"a b\"]\nkind = \"directory\"\n"),
    (
        "directory",
        "[sources.a]\nkind = \"directory\"\npath = \"/data\"\nevry = \"1s\"\n[sources.b]\nkind = \"directory\"\npath = \"data\"\n\
         [sources.c]\nkind = \"directory\"\npath = \"/data\"\nexisting = \"maybe\"\n",
    ),
    (
        "http",
        "[sources.a]\nkind = \"http\"\nurl = \"ftp://feed.example.com/\"\n[sources.b]\nkind = \"http\"\nurl = \"https://feed.example.com/\"\nprivate = \"yes\"\n",
    ),
    (
        "kafka without its feature",
        "[sources.a]\nkind = \"kafka\"\nconnection = \"kafka_default\"\ntopics = [\"orders\"]\n",
    ),
    (
        "component",
        "[sources.a]\nkind = \"component\"\ncomponent = \"wait.wasm\"\ngrants = { xcom = \"read\" }\nrules = { on-failed = \"rewind\" }\n\
         [sources.b]\nkind = \"component\"\ncomponent = \"missing.wasm\"\ntopics = [\"a\"]\n",
    ),
    (
        "rules",
        "[sources.a]\nkind = \"directory\"\npath = \"/data\"\n[sources.a.rules]\nprofile = \"fast\"\nqueue = 0\nqueue-full = \"wait\"\n\
         on-failed = \"skip\"\nacknowledge-within = \"0s\"\nadvance-retries = -1\nmax-in-flight = 5000\nmax-outstanding = \"many\"\n\
         grace = 2\nlinger = \"no\"\nling = true\n",
    ),
];

const COMPONENTS: &str = "[[trigger]]\nclasspath = \"a.Missing\"\ncomponent = \"missing.wasm\"\n\
    [[trigger]]\nclasspath = \"a.Text\"\ncomponent = \"text.wasm\"\n\
    [[trigger]]\nclasspath = \"a.Core\"\ncomponent = \"core.wasm\"\n\
    [[trigger]]\nclasspath = \"a.Empty\"\ncomponent = \"empty.wasm\"\n\
    [[trigger]]\nclasspath = \"a.Cut\"\ncomponent = \"cut.wasm\"\n\
    [[trigger]]\nclasspath = \"a.Ungranted\"\ncomponent = \"poll.wasm\"\n\
    [[trigger]]\nclasspath = \"a.Producer\"\ncomponent = \"sqs.wasm\"\n\
    [sources.poller]\nkind = \"component\"\ncomponent = \"wait.wasm\"\n";

fn folder(catalog: &str) -> Folder {
    Folder::with("triggers.toml", catalog).and("wait.wasm", sample("time_delta"))
}

/// Digests of components differ from compiler to compiler.
fn without_digests(text: &str) -> String {
    let mut parts = text.split("sha256:");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let digits = part.chars().take_while(char::is_ascii_hexdigit).count();
        let is_built = digits == 64 && !part.starts_with("0000");
        out += "sha256:";
        out += if is_built { "(digest)" } else { &part[..digits] };
        out += &part[digits..];
    }
    out
}

#[test]
fn texts() {
    let said = |(about, catalog): &(&str, &str)| {
        (about.to_string(), without_digests(&folder(catalog).run(&["catalog", "check"]).said()))
    };
    let components = folder(COMPONENTS)
        .and("text.wasm", "not wasm at all")
        .and("core.wasm", core_module())
        .and("empty.wasm", empty_component())
        .and("cut.wasm", &sample("time_delta")[..1_000])
        .and("poll.wasm", sample("http_poll"))
        .and("sqs.wasm", sample("sqs"));
    // Pinned, so that what is wrong with them shows and not that they are not pinned.
    let locked = ("catalog lock", without_digests(&components.run(&["catalog", "lock"]).said()));
    let components = [locked, ("catalog check", without_digests(&components.run(&["catalog", "check"]).said()))];
    let absent = Folder::new().run(&["catalog", "check"]).said();
    check(
        "catalog",
        &[
            Section::new("catalog check: entries of triggers", TRIGGERS.iter().map(said)),
            Section::new("catalog check: sources", SOURCES.iter().map(said)),
            Section::new("catalog check: components", components),
            Section::new("catalog check: the file", [("there is none", absent)]),
        ],
    );
}
