//! What a guest may know of a connection: where it points to. Pure.
//!
//! Some types have a URL as their host, with a password, a token or a signature anywhere in it, and people put secrets
//! wherever a form has a field. So a description is built only from parts that are understood: a scheme, names or
//! addresses, ports. Never a path (the path of a web hook is its secret), a query, or a schema that is more than a
//! name.

use trigger_host_types::airflow::{ConnectionDescription, Error};

use crate::failure::BAD_PORT;

/// The longest scheme, and the longest schema, in bytes.
const LONGEST_WORD: usize = 64;

/// The part of a connection that is not secret.
pub(crate) fn describe(found: execution_api::WireConnection) -> Result<ConnectionDescription, Error> {
    let port = found.port.map(u16::try_from).transpose();
    let port = port.map_err(|_| Error::Other(format!("the connection `{}`: {}", found.conn_id, BAD_PORT)))?;
    Ok(ConnectionDescription {
        conn_type: found.conn_type,
        host: found.host.and_then(|host| read_place(&host)),
        port,
        schema: found.schema.filter(|schema| is_word(schema)),
    })
}

/// Scheme and authority of a host without user information. None where their end is not certain: an `@` behind the
/// authority may belong to a path, or to a password with a raw `/`, `?` or `#` in it.
fn read_place(host: &str) -> Option<String> {
    let (scheme, rest) = host.split_once("://").map_or((None, host), |(scheme, rest)| (Some(scheme), rest));
    let (authority, behind) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    if behind.contains('@') || scheme.is_some_and(|scheme| !is_word(scheme)) {
        return None;
    }
    let authority = authority.rsplit('@').next().unwrap_or_default();
    // Some connections list several servers, such as the brokers of Kafka.
    authority.split(',').all(is_server).then(|| match scheme {
        Some(scheme) => format!("{scheme}://{authority}"),
        None => authority.to_owned(),
    })
}

/// A name or an address, with a port or without.
fn is_server(text: &str) -> bool {
    let is_port = |port: &str| port.parse::<u16>().is_ok();
    if let Some(bracketed) = text.strip_prefix('[') {
        let Some((address, behind)) = bracketed.split_once(']') else { return false };
        let has_port = behind.strip_prefix(':').is_some_and(is_port);
        return address.parse::<std::net::Ipv6Addr>().is_ok() && (behind.is_empty() || has_port);
    }
    let (name, port) = text.split_once(':').map_or((text, None), |(name, port)| (name, Some(port)));
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    !name.is_empty() && name.chars().all(is_name) && port.is_none_or(is_port)
}

/// A scheme, or the name of a database.
fn is_word(text: &str) -> bool {
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '+' | '$');
    !text.is_empty() && text.len() <= LONGEST_WORD && text.chars().all(is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_gives_no_secret_away() {
        for (host, shown) in [
            ("db.example", "db.example"),
            ("10.0.0.7:5432", "10.0.0.7:5432"),
            ("[::1]:5432", "[::1]:5432"),
            ("k1.example:9092,k2.example:9092", "k1.example:9092,k2.example:9092"),
            ("https://u:pw@h.example:8443/api?token=s#f", "https://h.example:8443"),
            ("u:pw@h.example", "h.example"),
            ("https://u:p@w@h/", "https://h"),
            ("https://h?token=s/x", "https://h"),
            ("hooks.example/services/T0/B0/secret", "hooks.example"),
            ("https://hooks.example/services/T0/B0/secret", "https://hooks.example"),
        ] {
            assert_eq!(read_place(host).as_deref(), Some(shown), "{host}");
        }
        for host in [
            "",
            "/var/run/secret",
            "https://u:p/secret@h/",
            "https://u:p?secret@h",
            "https://u:p#secret@h",
            "u:p/secret@h",
            "u:p://secret@x/y@h",
            "u:secret://x@h",
            "https://h?token=s/x@y",
            "jdbc:sqlserver://h:1433;password=secret",
            "sqlserver://h:1433;password=secret",
            "u:secret",
            "h:65536",
            "Endpoint=sb://h/;SharedAccessKey=secret",
        ] {
            assert_eq!(read_place(host), None, "{host}");
        }
    }

    #[test]
    fn a_schema_is_a_name_and_a_port_is_one() {
        let read = |schema: &str, port: i64| {
            let wire = format!(r#"{{"conn_id": "c", "conn_type": "t", "schema": "{schema}", "port": {port}}}"#);
            describe(serde_json::from_str(&wire).unwrap())
        };
        let found = read("sales_eu", 5432).unwrap();
        assert_eq!((found.schema.as_deref(), found.port), (Some("sales_eu"), Some(5432)));
        assert_eq!(read("db?password=secret", 1).unwrap().schema, None);
        for port in [-1, 65_536, i64::MAX] {
            let error = read("s", port).unwrap_err().to_string();
            assert_eq!(error, format!("the connection `c`: {}", BAD_PORT));
        }
    }
}
