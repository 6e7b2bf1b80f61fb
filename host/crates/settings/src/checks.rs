//! What a value's type cannot say: files that must be readable, keys that exclude each other or depend on each other.

use std::path::Path;

use secrecy::SecretString;

use crate::keys::{AIRFLOW_PREFIX, Settings};
use crate::layers::{Origin, Shown};
use crate::problems::{Problem, Problems};

/// The content of a secret file, without the line end that editors add.
///
/// # Errors
/// It cannot be read, or there is nothing in it. The text names the file, never the content.
pub fn read_secret(path: &Path) -> Result<SecretString, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    match text.trim_end_matches(['\r', '\n']) {
        "" => Err(format!("{} is empty", path.display())),
        secret => Ok(secret.into()),
    }
}

/// Reports everything that is wrong beyond single values.
pub(crate) fn check(settings: &Settings, shown: &[Shown], problems: &mut Problems) {
    files(settings, shown, problems);
    tokens(settings, shown, problems);
    spans(settings, shown, problems);
    if settings.host.queues.as_ref().is_some_and(Vec::is_empty) {
        let what =
            "an empty list would claim nothing: name queues, or remove the key to claim triggers without a queue";
        problems.error(locate(shown, "host", "queues", what.into()));
    }
    logs(settings, shown, problems);
}

fn files(settings: &Settings, shown: &[Shown], problems: &mut Problems) {
    let (api, logs) = (&settings.api, &settings.logs);
    for (section, name, file) in [
        ("api", "token-file", &api.token_file),
        ("api", "jwt-secret-file", &api.jwt_secret_file),
        ("api", "jwt-private-key-file", &api.jwt_private_key_file),
        ("api", "runtime-token-file", &api.runtime_token_file),
        ("api", "runtime-jwt-secret-file", &api.runtime_jwt_secret_file),
        ("api", "fernet-key-file", &api.fernet_key_file),
        ("logs", "secret-key-file", &logs.secret_key_file),
    ] {
        if let Some(Err(what)) = file.as_deref().map(read_secret) {
            problems.error(locate(shown, section, name, what));
        }
    }
}

fn tokens(settings: &Settings, shown: &[Shown], problems: &mut Problems) {
    let api = &settings.api;
    if api.token_file.is_some() && api.jwt_secret_file.is_some() {
        let what = "`token-file` and `jwt-secret-file` cannot be combined: keep the one that your API expects";
        problems.error(locate(shown, "api", "jwt-secret-file", what.into()));
    }
    if api.jwt_private_key_file.is_some() && api.jwt_secret_file.is_some() {
        let what =
            "`jwt-private-key-file` and `jwt-secret-file` cannot be combined: keep the one that your API expects";
        problems.error(locate(shown, "api", "jwt-private-key-file", what.into()));
    }
    if api.subject.parse::<uuid::Uuid>().is_err() {
        let what = format!("expected a UUID, found {:?}", api.subject);
        problems.error(locate(shown, "api", "subject", what));
    }
}

fn spans(settings: &Settings, shown: &[Shown], problems: &mut Problems) {
    let host = &settings.host;
    for (section, name, span) in [
        ("api", "timeout", settings.api.timeout),
        ("api", "heartbeat-timeout", settings.api.heartbeat_timeout),
        ("api", "token-life", settings.api.token_life),
        ("host", "heartbeat-every", host.heartbeat_every),
        ("host", "load-every", host.load_every),
        ("host", "cleanup-every", host.cleanup_every),
        ("sandbox", "tick", settings.sandbox.tick),
    ] {
        if span.is_zero() {
            problems.error(locate(shown, section, name, "must be longer than zero".into()));
        }
    }
    if host.heartbeat_every >= host.health_check_threshold {
        let what =
            "must be shorter than `health-check-threshold`; otherwise the host counts as dead between two heartbeats";
        problems.error(locate(shown, "host", "heartbeat-every", what.into()));
    }
}

fn logs(settings: &Settings, shown: &[Shown], problems: &mut Problems) {
    let logs = &settings.logs;
    if logs.listen.is_none() {
        return;
    }
    let has_secret = logs.secret_key.is_some() || logs.secret_key_file.is_some();
    let missing = [("folder", logs.folder.is_some()), ("secret-key-file", has_secret)];
    for (name, _) in missing.into_iter().filter(|(_, is_there)| !is_there) {
        let what = format!("the log server also requires `logs.{name}`");
        let problem = locate(shown, "logs", "listen", what);
        // Airflow's own variables are set for others too: then logs are not served, and that is all.
        if problem.key.as_deref().is_some_and(|key| key.starts_with(AIRFLOW_PREFIX)) {
            problems.warning(problem);
        } else {
            problems.error(problem);
        }
    }
}

/// A problem with a key, at the place its value came from.
pub fn locate(shown: &[Shown], section: &str, name: &str, what: String) -> Problem {
    let key = format!("{section}.{name}");
    match shown.iter().find(|shown| shown.section == section && shown.name == name).map(|shown| &shown.origin) {
        Some(Origin::File(file, line)) => Problem { line: Some(*line), key: Some(key), ..Problem::file(file, what) },
        Some(Origin::Name(name)) => Problem::key(name, what),
        _ => Problem::key(key, what),
    }
}
