pub(crate) fn run(_: &crate::workspace::Workspace) -> anyhow::Result<()> { let _ = (crate::loopback::get, crate::loopback::post); Ok(()) }
