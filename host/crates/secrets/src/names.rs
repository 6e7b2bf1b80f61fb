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

/// What else no trigger may read by its name: user names, and what keys are called outside of Airflow.
const UNREADABLE: [&str; 11] = [
    "accesskey",
    "accountkey",
    "connectionstring",
    "cookie",
    "credential",
    "keyfile",
    "login",
    "sharedkey",
    "sharedaccess",
    "username",
    "jwt",
];
/// The same, as the whole name: within longer names they are innocent.
const UNREADABLE_WORDS: [&str; 9] = ["dsn", "key", "pass", "pin", "pwd", "sas", "sig", "signature", "user"];

/// Whether a trigger may not read the value of this name, however it is written: `private_key`, `privateKey`,
/// `Private-Key`. Stricter than [`is_sensitive`], which has to agree with Airflow.
pub fn names_secret(name: &str) -> bool {
    let name: String = name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    let holds = |part: &str| name.contains(part);
    SENSITIVE.iter().any(|part| holds(&part.replace('_', "")))
        || UNREADABLE.iter().any(|part| holds(part))
        || UNREADABLE_WORDS.contains(&name.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_a_secret_is_known_and_settings_are_not() {
        for name in
            ["password", "PRIVATE-KEY", "privateKey", "x_api.key", "SharedAccessKey", "sig", "Login", "user name"]
        {
            assert!(names_secret(name), "{name}");
        }
        for name in
            ["region_name", "tenantId", "project", "role_arn", "endpoint_url", "key_path", "user_agent", "design"]
        {
            assert!(!names_secret(name) && !is_sensitive(name), "{name}");
        }
        for name in SENSITIVE {
            assert!(names_secret(name) && is_sensitive(name), "{name}");
        }
    }
}
