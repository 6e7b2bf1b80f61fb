//! From all layers to one typed [`Settings`], with everything that is wrong.

use std::path::{Path, PathBuf};

use crate::checks;
use crate::document::Document;
use crate::environment::Variables;
use crate::keys::Settings;
use crate::layers::{Flag, Layers, Shown};
use crate::problems::Problems;

/// Read from the current folder when no file is named, and only if it is there.
const FILE: &str = "trigger-host.toml";

/// What was read: the values, where each came from, and everything that is wrong.
pub struct Read {
    /// Usable if nothing is fatal.
    pub settings: Settings,
    /// For `config show`, in the order of the table.
    pub shown: Vec<Shown>,
    /// What is wrong, in all layers.
    pub problems: Problems,
}

/// Reads all layers. Without `file`: `trigger-host.toml` of the current folder, if it is there.
///
/// # Errors
/// The file cannot be read or is not TOML. Wrong keys and values are in [`Read::problems`].
pub fn read(file: Option<&Path>, environment: &dyn Variables, flags: &[Flag]) -> Result<Read, Problems> {
    let file = file.map(Path::to_owned).or_else(|| Some(PathBuf::from(FILE)).filter(|file| file.exists()));
    let document = file.as_deref().map(Document::read).transpose()?;
    Ok(resolve(document.as_ref(), environment, flags))
}

/// Reads the environment alone: for commands that need no API, so that a file about one cannot be in their way.
pub fn read_environment(environment: &dyn Variables) -> Read {
    resolve(None, environment, &[])
}

fn resolve(document: Option<&Document>, environment: &dyn Variables, flags: &[Flag]) -> Read {
    let mut layers = Layers::new(document, environment, flags);
    let settings = Settings::resolve(&mut layers);
    layers.report_indirect();
    let (mut problems, shown) = (layers.problems, layers.shown);
    checks::check(&settings, &shown, &mut problems);
    Read { settings, shown, problems }
}
