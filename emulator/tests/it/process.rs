use std::{
    io::{BufRead as _, BufReader},
    process::{Output, Stdio},
    time::Duration,
};

use tokio::{process::Command, time::timeout};

/// Runs the binary on free ports around a command.
async fn around(command: &[&str]) -> Output {
    let dir = tempfile::tempdir().unwrap();
    let mut process = Command::new(env!("CARGO_BIN_EXE_entra-emulator"));
    process.args(["--http-port", "0", "--https-port", "0", "--data-dir"]).arg(dir.path());
    process.arg("--").args(command).stdin(Stdio::null()).kill_on_drop(true);
    timeout(Duration::from_secs(30), process.output()).await.unwrap().unwrap()
}

#[tokio::test]
async fn the_emulator_ends_with_its_command_and_its_code() {
    assert_eq!(around(&["sh", "-c", "exit 7"]).await.status.code(), Some(7));
    assert_eq!(around(&["true"]).await.status.code(), Some(0));
    assert_eq!(around(&["sh", "-c", "kill -9 $$"]).await.status.code(), Some(137));
    assert_eq!(around(&["/no/such/command"]).await.status.code(), Some(1));
}

#[tokio::test]
async fn a_command_that_answers_is_greeted() {
    // Any server will do: another emulator. The command ends when its input does.
    let api = emulator::Emulator::start(emulator::Options::default()).await.unwrap();
    let wait = format!("{}/emulator/control/clock", api.http_url());
    let dir = tempfile::tempdir().unwrap();
    let mut process = std::process::Command::new(env!("CARGO_BIN_EXE_entra-emulator"));
    process.args(["--http-port", "0", "--https-port", "0", "--data-dir"]).arg(dir.path());
    process.args(["--wait", &wait, "--", "cat"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let reading = tokio::task::spawn_blocking(move || {
        let mut process = process.spawn().unwrap();
        let mut text = String::new();
        let mut out = BufReader::new(process.stdout.take().unwrap());
        while !text.contains("authorization: Bearer") && out.read_line(&mut text).unwrap() > 0 {}
        drop(process.stdin.take());
        (text, process.wait().unwrap())
    });
    let (text, status) = timeout(Duration::from_secs(30), reading).await.unwrap().unwrap();
    assert!(status.success());
    for word in [
        format!("API             {}", api.http_url()),
        "megan@fabrikam.com".to_owned(),
        "guest".to_owned(),
        "TOKEN=$(curl -s http://localhost:".to_owned(),
        format!("curl -s {}/api/auth/me -H \"authorization: Bearer $TOKEN\"", api.http_url()),
    ] {
        assert!(text.contains(&word), "{word}: {text}");
    }
}

#[tokio::test]
async fn a_signal_ends_both() {
    let dir = tempfile::tempdir().unwrap();
    let mark = dir.path().join("ended");
    let script = format!(
        "trap 'touch {}; exit 3' TERM; kill -TERM $PPID; while :; do sleep 0.1; done",
        mark.display()
    );
    let output = around(&["sh", "-c", &script]).await;
    assert_eq!(output.status.code(), Some(3));
    assert!(mark.exists());
}
