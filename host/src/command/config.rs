//! `config check`, `config show`, `config reference`.

use settings::{Environment, Origin, Shown};

use crate::arguments::Config;
use crate::config::{self, settle};
use crate::exit::{Ended, Exit};
use crate::out;

/// Runs the command.
///
/// # Errors
/// The configuration is wrong, or standard output cannot be written.
pub(crate) fn run(command: &Config) -> Ended {
    match command {
        Config::Check(file) => {
            let read = config::read(file.config.as_deref(), &Environment, &[])?;
            let warned = read.problems.warnings().len();
            settle(read.problems)?;
            out::line(&format!("The configuration is valid ({warned} warnings)."))?;
        }
        Config::Show(file) => {
            let read = config::read(file.config.as_deref(), &Environment, &[])?;
            out::line(show(&read.shown).trim_end())?;
            settle(read.problems)?;
        }
        Config::Reference => out::line(settings::reference().trim_end())?,
    }
    Ok(Exit::Done)
}

/// TOML with the origin of each value behind it.
fn show(shown: &[Shown]) -> String {
    let mut text = String::new();
    for (at, key) in shown.iter().enumerate() {
        if at == 0 || shown[at - 1].section != key.section {
            text += &format!("{}[{}]\n", if at == 0 { "" } else { "\n" }, key.section);
        }
        let assignment = match key.value.as_str() {
            "" => format!("# {} is not set", key.name),
            value => format!("{} = {value}", key.name),
        };
        text += &match &key.origin {
            Origin::Default if key.value.is_empty() => format!("{assignment}\n"),
            Origin::Default => format!("{assignment:<48} # default\n"),
            Origin::File(file, line) => format!("{assignment:<48} # {}:{line}\n", file.display()),
            Origin::Name(name) => format!("{assignment:<48} # {name}\n"),
        };
    }
    text
}
