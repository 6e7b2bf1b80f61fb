//! From the keys of `[api]` to a client and to the keys of encrypted arguments.

use std::path::Path;

use encodings::{EncodingError, Fernet};
use execution_api::{ClientConfig, Dialect, TokenSource};
use secrecy::{ExposeSecret, SecretString};
use settings::{Api, Problems, Settings, Shown, locate, read_secret, setting};
use uuid::Uuid;

/// `aud` of the plugin's tokens: execution tokens, which every running task holds, are not good enough to claim
/// triggers.
pub(crate) const AUDIENCE: &str = "urn:trigger-host";

/// What the client needs to know; none when something of it is wrong, which is reported. Files were checked when the
/// keys were read.
pub(crate) fn client(settings: &Settings, shown: &[Shown], problems: &mut Problems) -> Option<ClientConfig> {
    let api = &settings.api;
    let dialect = match api.dialect {
        setting::Dialect::Plugin => Dialect::Plugin,
        setting::Dialect::BuiltIn => Dialect::BuiltIn,
    };
    // An Airflow that has the endpoints itself has them where everything else of its Execution API is.
    let itself = api.runtime_url.clone().filter(|_| dialect == Dialect::BuiltIn);
    let Some(url) = api.url.clone().or(itself) else {
        let what = "missing: `run` requires the URL of the trigger and job endpoints, such as \"http://127.0.0.1:8080/trigger-host/\"";
        problems.error(locate(shown, "api", "url", what.into()));
        return None;
    };
    let audience = api.audience.clone().unwrap_or_else(|| match dialect {
        Dialect::Plugin => AUDIENCE.to_owned(),
        Dialect::BuiltIn => api.runtime_audience.clone(),
    });
    let own = keys(secret(api.jwt_private_key_file.as_deref()), secret(api.jwt_secret_file.as_deref()), api);
    let own_token = token(api, api.token_file.as_deref(), own.as_ref(), &audience);
    // Without a URL of its own the runtime is the same server, which takes the same token.
    let runtime_token = api.runtime_url.as_ref().and_then(|_| {
        let secret = secret(api.runtime_jwt_secret_file.as_deref());
        let key = secret.map(SigningKey::Secret).or(own);
        match token(api, api.runtime_token_file.as_deref(), key.as_ref(), &api.runtime_audience) {
            TokenSource::None => None,
            source => Some(source),
        }
    });
    Some(ClientConfig {
        runtime_url: api.runtime_url.clone(),
        token: own_token,
        runtime_token,
        dialect,
        timeout: api.timeout,
        heartbeat_timeout: api.heartbeat_timeout,
        proxy: api.proxy.clone(),
        ..ClientConfig::new(url)
    })
}

/// The keys of encrypted arguments; none where none are set.
///
/// # Errors
/// Text that is no list of keys. The error does not quote it.
pub(crate) fn fernet(settings: &Settings) -> Result<Fernet, EncodingError> {
    let keys = secret(settings.api.fernet_key_file.as_deref()).or_else(|| settings.api.fernet_key.clone());
    Fernet::parse(keys.as_ref().map_or("", ExposeSecret::expose_secret))
}

/// The secret that tokens of the log server are signed with.
pub(crate) fn log_secret(settings: &Settings) -> Option<SecretString> {
    secret(settings.logs.secret_key_file.as_deref()).or_else(|| settings.logs.secret_key.clone())
}

/// Every secret of the configuration, for whoever keeps them out of logs.
pub(crate) fn secrets(settings: &Settings) -> Vec<SecretString> {
    let (api, logs) = (&settings.api, &settings.logs);
    let files = [
        &api.token_file,
        &api.jwt_secret_file,
        &api.jwt_private_key_file,
        &api.runtime_token_file,
        &api.runtime_jwt_secret_file,
        &api.fernet_key_file,
        &logs.secret_key_file,
    ];
    let values = [&api.jwt_secret, &api.fernet_key, &logs.secret_key];
    let all = files.into_iter().filter_map(|file| secret(file.as_deref())).chain(values.into_iter().flatten().cloned());
    // Several keys in one text, separated by commas, are several secrets.
    all.flat_map(|secret| {
        let keys: Vec<SecretString> = secret.expose_secret().split(',').map(|key| key.trim().into()).collect();
        keys.into_iter().chain([secret])
    })
    .collect()
}

fn secret(file: Option<&Path>) -> Option<SecretString> {
    read_secret(file?).ok()
}

/// What the host signs with.
enum SigningKey {
    Secret(SecretString),
    Private(SecretString),
}

/// As Airflow chooses: a private key before a secret. A file wins over the text of a secret.
fn keys(private: Option<SecretString>, secret: Option<SecretString>, api: &Api) -> Option<SigningKey> {
    let secret = secret.or_else(|| api.jwt_secret.clone());
    private.map(SigningKey::Private).or_else(|| secret.map(SigningKey::Secret))
}

fn token(api: &Api, file: Option<&Path>, key: Option<&SigningKey>, audience: &str) -> TokenSource {
    // Checked when the keys were read.
    let subject = api.subject.parse().unwrap_or(Uuid::nil());
    let (audience, issuer, life) = (audience.to_owned(), api.issuer.clone(), api.token_life);
    match (file, key) {
        (Some(file), _) => TokenSource::File(file.into()),
        (None, Some(SigningKey::Secret(secret))) => {
            TokenSource::Secret { secret: secret.clone(), audience, subject, issuer, life }
        }
        (None, Some(SigningKey::Private(pem))) => {
            let (pem, key_id) = (pem.clone(), api.jwt_key_id.clone());
            TokenSource::PrivateKey { pem, key_id, audience, subject, issuer, life }
        }
        (None, None) => TokenSource::None,
    }
}
