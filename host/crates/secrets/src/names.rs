//! Which names say that a value is a secret.

/// Airflow's list: a name that holds one of these, in any case, belongs to a secret.
const SENSITIVE: [&str; 14] = [
    "access_token",
    "api_key",
    "apikey",
    "authorization",
    "keyfile_dict",
    "passphrase",
    "passwd",
    "password",
    "private_key",
    "proxies",
    "proxy",
    "secret",
    "service_account",
    "token",
];

/// Whether Airflow would hide a variable, or an entry of a connection's `extra`, of this name.
pub fn is_sensitive(name: &str) -> bool {
    let name = name.to_lowercase();
    SENSITIVE.iter().any(|part| name.contains(part))
}
