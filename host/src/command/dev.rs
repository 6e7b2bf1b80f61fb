//! `dev`: runs triggers without Airflow, each trigger's life shown as it happens.

use std::io::IsTerminal as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use embedded_api::{Database, Defer};
use settings::{Environment, Problems, Variables as _};
use trigger_host_types::step::Step;

use crate::arguments::Dev;
use crate::catalog::{self, Unlocked};
use crate::config::{self, settle};
use crate::development::{Audience, Clocks, Development, Place};
use crate::exit::{Ended, Exit, OrExit as _};
use crate::signals::Signals;
use crate::view::{Shown, Style, View};
use crate::{defer, diagnostics, host, out};

/// The embedded API is on this machine: asking it often costs little.
const LOAD_EVERY: Duration = Duration::from_millis(100);

/// Runs the command until nothing waits (`--until-idle`) or a signal.
///
/// # Errors
/// Anything wrong with the files, or an address that cannot be listened on.
pub(crate) fn run(arguments: &Dev) -> Ended {
    let mut settings = config::read_environment(&Environment)?;
    settings.host.load_every = LOAD_EVERY;
    diagnostics::start(&settings);
    let mut problems = Problems::default();
    let catalog = catalog::read(&arguments.catalog, &mut problems)?;
    let ready = catalog::ready(&catalog, Unlocked::Warned, &mut problems);
    let triggers =
        arguments.defer.iter().map(|file| (file.as_path(), defer::read(file, &catalog, &mut problems))).collect();
    let time = if arguments.virtual_time { Clocks::jumping() } else { Clocks::real() };
    let runtime = host::runtime()?;
    runtime.block_on(async {
        let mut signals = Signals::listen()?;
        let slots = settings.sandbox.live_instances.get();
        let sandbox = host::sandbox(&settings, slots, Arc::clone(&time.clock), &Environment)?;
        let classes = catalog::load(&sandbox, &catalog, &ready, &settings, &mut problems).await;
        settle(problems)?;
        let database = arguments.db.clone().map_or(Database::Memory, Database::File);
        let place = Place { listen: arguments.listen, database };
        let development = Development::start(settings, sandbox, place, time.clone()).await?;
        eprintln!("The embedded Execution API listens on {}", development.url());
        show(arguments, development, &time, classes, triggers, &mut signals).await
    })
}

async fn show(
    arguments: &Dev,
    development: Development,
    time: &Clocks,
    classes: supervisor::Catalog,
    triggers: Vec<(&Path, Vec<Defer>)>,
    signals: &mut Signals,
) -> Ended {
    let style = Style { json: arguments.output.is_json(), colours: is_colourful() };
    let (view, shown) = View::start(style, Arc::clone(&time.clock))?;
    let screen = Screen { view: view.clone(), shown };
    let mut steps = development.subscribe();
    // Before the host is there, so that what was deferred is shown before it is claimed.
    for (file, triggers) in triggers {
        development.defer(triggers).await.with_context(|| file.display().to_string()).or_exit(Exit::Usage)?;
    }
    while let Ok(step) = steps.try_recv() {
        screen.see(&step);
    }
    let supervisor = development.supervise(classes, Arc::new(view)).await?;
    let forced = development.watch(supervisor, steps, signals, arguments.until_idle, &screen).await?;
    development.stop().await;
    drop(screen.view);
    let (tally, lost) = screen.shown.finish()?;
    if lost > 0 {
        eprintln!("warning: {lost} steps were not shown, because standard output was read too slowly");
    }
    if style.json {
        eprintln!("{}", tally.summary())
    } else {
        out::line(&tally.summary())?
    }
    let failed = forced || (arguments.until_idle && !tally.all_fired());
    Ok(if failed { Exit::Failed } else { Exit::Done })
}

fn is_colourful() -> bool {
    std::io::stdout().is_terminal() && Environment.get("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Standard output.
struct Screen {
    view: View,
    shown: Shown,
}

impl Audience for Screen {
    fn see(&self, step: &Step) {
        self.view.show(step);
    }

    fn has_left(&self) -> bool {
        self.shown.is_over()
    }
}
