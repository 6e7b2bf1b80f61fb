//! The keys of an entry that are about its component: which file, which bytes, what it may reach and use.

use std::path::{Path, PathBuf};

use settings::document::{Document, Fields};
use trigger_host_types::Digest;

use super::entry::Guest;
use super::{grants, limits};

/// Takes the keys; wrong ones are reported. None without a component.
pub(super) fn read(document: &Document, subject: String, fields: &mut Fields<'_, '_>) -> Option<Guest> {
    let component_line = fields.node("component").map(|node| node.line);
    let component = fields.required::<PathBuf>("component");
    let digest_line = fields.node("digest").map(|node| node.line);
    let digest = fields.take::<Digest>("digest");
    let (http, airflow) = fields.table("grants").map(grants::read).unwrap_or_default();
    let limits = fields.table("limits").map(limits::read).unwrap_or_default();
    Some(Guest {
        subject,
        line: fields.line(),
        component: document.path.parent().unwrap_or_else(|| Path::new("")).join(component?),
        component_line: component_line?,
        digest,
        digest_line,
        http,
        airflow,
        limits,
    })
}
