//! `config`.

use program::folder::Folder;

#[test]
fn check_reports_everything_at_once() {
    let folder = Folder::with("trigger-host.toml", "[api]\nurl = 7\n[host]\ncapcity = 1\n")
        .env("TRIGGER_HOST__ADMIN__LISTEN", "9180")
        .env("TRIGGER_HOST__ADMIN__LISTN", "127.0.0.1:9180");
    insta::assert_snapshot!(folder.run(&["config", "check"]).said());
}

#[test]
fn show_masks_secrets_and_names_origins() {
    let folder =
        Folder::with("mine.toml", "[api]\nurl = \"http://127.0.0.1:8080/trigger-host\"\nfernet-key = \"c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3I=\"\n")
            .env("AIRFLOW__TRIGGERER__CAPACITY", "12")
            .env("TRIGGER_HOST__API__JWT_SECRET", "hush-hush");
    let ran = folder.run(&["config", "show", "--config", "mine.toml"]);
    assert!(!ran.said().contains("c2VjcmV0") && !ran.said().contains("hush-hush"));
    let chosen: Vec<&str> =
        ran.stdout.lines().filter(|line| !line.contains("default") && line.contains(" = ")).collect();
    insta::assert_snapshot!(chosen.join("\n"));
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
}

#[test]
fn what_show_prints_is_toml() {
    let shown = Folder::new().run(&["config", "show"]).stdout;
    let ran = Folder::with("trigger-host.toml", &shown).run(&["config", "check"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
}

#[test]
fn a_file_that_is_named_must_be_there() {
    insta::assert_snapshot!(Folder::new().run(&["config", "check", "--config", "other.toml"]).said());
}

#[test]
fn a_log_server_needs_a_folder_and_a_secret() {
    let text = "[logs]\nlisten = \"127.0.0.1:8794\"\nfilename-template = \"{{ ti.dag_id }}/{{ ts }}.log\"\nfolder = \"logs\"\nfile-mode = \"rw\"\n";
    insta::assert_snapshot!(Folder::with("trigger-host.toml", text).run(&["config", "check"]).said());
}

#[test]
fn airflows_own_log_settings_stop_nobody() {
    let folder = Folder::new()
        .env("AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT", "8794")
        .env("AIRFLOW__LOGGING__LOG_FILENAME_TEMPLATE", "{{ ti.dag_id }}/{{ ts }}.log");
    insta::assert_snapshot!(folder.run(&["config", "check"]).said());
}
